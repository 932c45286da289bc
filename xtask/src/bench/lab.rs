//! Where a bench works: its folder, and the Python that its peers run in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::root::root;

/// The place of one bench.
pub struct Lab {
    bench: &'static str,
    /// How often ours and the peer take turns.
    pub rounds: usize,
    /// The one part that is wanted, of a bench that has some.
    pub only: Option<String>,
}

impl Lab {
    /// Makes the folder.
    pub fn new(bench: &'static str, rounds: usize, only: Option<String>) -> Result<Self> {
        let lab = Self { bench, rounds, only };
        fs::create_dir_all(lab.folder())?;
        Ok(lab)
    }

    /// `.bench/NAME`, kept between runs.
    pub fn folder(&self) -> PathBuf {
        root().join(".bench").join(self.bench)
    }

    /// A folder under [`Lab::folder`] that is there and empty.
    pub fn empty_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder().join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// This program as the child of this bench.
    pub fn child(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
        command.args(["bench", self.bench, "--child"]).args(args);
        Ok(command)
    }

    /// Runs `bench/SCRIPT` with the peers installed. Returns the JSON lines it printed.
    pub fn python(&self, script: &str, args: &[&str]) -> Result<Vec<Value>> {
        self.python_of("", script, args)
    }

    /// The same, not yet started.
    pub fn python_command(&self, script: &str, args: &[&str]) -> Result<Command> {
        self.command_of("", script, args)
    }

    /// As [`Lab::python`], with the peers of `bench/requirements-PEERS.txt`, which do not get along with the others.
    fn python_of(&self, peers: &str, script: &str, args: &[&str]) -> Result<Vec<Value>> {
        lines(&mut self.command_of(peers, script, args)?)
    }

    fn command_of(&self, peers: &str, script: &str, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(virtualenv(peers)?);
        command.arg(root().join("bench").join(script)).args(args).current_dir(self.folder());
        command.env("PYTHONPATH", root().join("python")).env("WANDB_SILENT", "true");
        Ok(command)
    }

    /// As [`Lab::python`], for scripts that use our SDK.
    pub fn python_with_sdk(&self, script: &str, args: &[&str]) -> Result<Vec<Value>> {
        sdk_is_built()?;
        self.python(script, args)
    }

    /// As [`Lab::python_with_sdk`], with peers of their own.
    pub fn python_with_sdk_of(&self, peers: &str, script: &str, args: &[&str]) -> Result<Vec<Value>> {
        sdk_is_built()?;
        self.python_of(peers, script, args)
    }
}

fn sdk_is_built() -> Result<()> {
    let native = root().join("python/ethogram/_native.abi3.so");
    ensure!(native.exists(), "the SDK is not built: run `make build` first: {}", native.display());
    Ok(())
}

/// Runs a command to its end and parses each line of its output.
pub fn lines(command: &mut Command) -> Result<Vec<Value>> {
    let output = command.stderr(std::process::Stdio::inherit()).output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect()
}

/// A number of a line of JSON.
pub fn number(line: &Value, name: &str) -> Result<f64> {
    line[name].as_f64().with_context(|| format!("expected a number {name:?} in {line}"))
}

/// The Python of `.bench/venv`, made and filled when it is missing or `bench/requirements.txt` changed; of `.bench/venv-PEERS` likewise.
fn virtualenv(peers: &str) -> Result<PathBuf> {
    let of = if peers.is_empty() { String::new() } else { format!("-{peers}") };
    let requirements = root().join(format!("bench/requirements{of}.txt"));
    let wanted = fs::read_to_string(&requirements).with_context(|| requirements.display().to_string())?;
    let folder = root().join(format!(".bench/venv{of}"));
    let (python, installed) = (folder.join("bin/python"), folder.join("requirements.installed"));
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    let size = if peers.is_empty() { "some 6 GB, for PyTorch comes with CUDA" } else { "some 0.4 GB" };
    eprintln!("installing the peers into {}: {size}", folder.display());
    let base = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !python.exists() {
        succeed(Command::new(base).args(["-m", "venv"]).arg(&folder))?;
    }
    let mut pip = Command::new(&python);
    succeed(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements))?;
    fs::write(installed, wanted)?;
    Ok(python)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} did not start"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}

/// Bytes of all files under a folder whose names end in one of these.
pub fn folder_bytes(folder: &Path, endings: &[&str]) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            bytes += folder_bytes(&entry.path(), endings)?;
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}
