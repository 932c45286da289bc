//! The library that stands between a process and its disk: compiled when it is needed, told what to do by the environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const SOURCE: &str = include_str!("shim.c");

/// What the disk or the clock does for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no room; a part is taken first.
    Full,
    /// Writes, and bringing them to disk, fail.
    Broken,
    /// Nothing can be changed.
    ReadOnly,
    /// Each write takes 150 ms.
    Slow,
    /// Each write takes only half of what it is given.
    Short,
    /// The clock jumps by hours and months, forth and back.
    Clock,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Full, Self::Broken, Self::ReadOnly, Self::Slow, Self::Short, Self::Clock];

    /// As the library knows it, and people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Broken => "broken",
            Self::ReadOnly => "read_only",
            Self::Slow => "slow",
            Self::Short => "short",
            Self::Clock => "clock",
        }
    }

    /// Whether values may be lost of it.
    pub fn loses(self) -> bool {
        matches!(self, Self::Full | Self::Broken | Self::ReadOnly)
    }
}

/// The compiled library.
pub struct Shim(PathBuf);

impl Shim {
    /// Compiles it into a folder.
    ///
    /// **Errors**: there is no C compiler.
    pub fn compile(folder: &Path) -> Result<Self> {
        let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
        std::fs::write(&source, SOURCE)?;
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O2", "-Wall", "-o"]).arg(&library).arg(&source).args(["-ldl", "-lpthread"]);
        let output = cc.output().context("the C compiler did not start; this test needs gcc or clang as `cc`")?;
        ensure!(output.status.success(), "shim.c does not compile: {}", String::from_utf8_lossy(&output.stderr));
        Ok(Self(library))
    }

    /// Lets a process that is not yet started run with it; `root` is the folder whose files it looks at.
    pub fn watch(&self, command: &mut Command, root: &Path) {
        command.env("LD_PRELOAD", &self.0).env("ETHOGRAM_SHIM_ROOT", root);
    }

    /// Writes down what the process does.
    pub fn trace(command: &mut Command, file: &Path) {
        command.env("ETHOGRAM_SHIM_TRACE", file);
    }

    /// Lets the disk or the clock fail between these milliseconds after the first status of the run.
    pub fn fail(command: &mut Command, fault: Fault, millis: std::ops::Range<u64>) {
        command.env("ETHOGRAM_SHIM_FAULT", format!("{}:{}:{}", fault.name(), millis.start, millis.end));
    }
}
