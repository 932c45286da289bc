//! How long `make demo` takes in a fresh clone with nothing compiled. What registries sent before is kept on this machine and used.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::lab::Lab;
use super::measure::{Bar, Measure};
use crate::root::root;

/// The bench: once, however many rounds were asked for.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let clone = lab.empty_folder("clone")?;
    let cloned = Command::new("git").args(["clone", "--quiet"]).arg(root()).arg(&clone).status()?;
    ensure!(cloned.success(), "git clone failed");
    let began = Instant::now();
    // All of `make demo` but the server, which would not end.
    let mut make = Command::new("make");
    make.arg("demo-runs").current_dir(&clone).env_remove("CARGO_TARGET_DIR").env_remove("VIRTUAL_ENV");
    ensure!(make.status()?.success(), "make demo-runs failed in {}", clone.display());
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    std::fs::remove_dir_all(&clone)?;
    Ok(vec![Measure::new("build/cold make demo", minutes, "min").bar(Bar::AtMost(15.0))])
}
