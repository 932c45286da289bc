//! `ethogram check`: whether a run is whole.

use std::path::Path;

use ethogram_store::{CheckReport, Lost};

use crate::{
    options::CheckOptions,
    runs,
    text::{text_from_bytes, text_from_count},
};

/// Prints what was found. The code is 1 when something is lost or is not vouched for.
pub fn check(options: &CheckOptions) -> anyhow::Result<u8> {
    let report = if runs::is_remote(&options.run) {
        check_remote(options)?
    } else {
        let run = &runs::found(&options.run)?;
        match ethogram_store::check(run, options.repair) {
            Err(error) if error.is_not_found() => check_foreign(options, run)?.ok_or(error)?,
            report => report?,
        }
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", crate::text::shown(&text(&report)));
        if !options.repair && !report.unverified.is_empty() {
            eprintln!("hint: `ethogram check --repair {}` makes unverified rows readable", options.run.display());
        }
    }
    Ok(u8::from(!report.is_sound()))
}

/// The check of another tool's log: its own checksums where it has any, and whether everything in it can be read.
fn check_foreign(options: &CheckOptions, run: &Path) -> anyhow::Result<Option<CheckReport>> {
    if !run.is_dir() {
        return Ok(None);
    }
    let Some(run) = ethogram_import::ForeignOpener::default().open_folder(run)? else { return Ok(None) };
    if options.repair {
        anyhow::bail!("logs of other tools are only read; `ethogram import` makes a run of what is sound in them");
    }
    Ok(Some(run.check()?))
}

/// The check of a copy: every byte of a run must be read anyhow.
#[cfg(feature = "s3")]
fn check_remote(options: &CheckOptions) -> anyhow::Result<CheckReport> {
    use ethogram_store::object::{MirrorFolder, Remote, fetch};

    if options.repair {
        anyhow::bail!("a run in an object store is only read; repair it where it lies and send it again");
    }
    let remote = Remote::open(&options.run.to_string_lossy(), &runs::remote_options(&options.stores))?;
    let copy = MirrorFolder::create()?;
    fetch(&remote, &copy.path().join("run"))?;
    Ok(ethogram_store::check(&copy.path().join("run"), false)?)
}

#[cfg(not(feature = "s3"))]
fn check_remote(_: &CheckOptions) -> anyhow::Result<CheckReport> {
    anyhow::bail!(runs::without_stores())
}

fn text(report: &CheckReport) -> String {
    let count = |count: u64| text_from_count(count as i64);
    let mut lines = vec![format!(
        "{}: {} files, {}, {} rows, {} frames",
        if report.is_sound() { "sound" } else { "damaged" },
        count(report.files),
        text_from_bytes(report.bytes),
        count(report.rows),
        count(report.frames),
    )];
    let line = |label: &str, lost: &Lost| format!("{label:<12}{}: {} ({})", lost.file, lost.what, lost.why);
    lines.extend(report.lost.iter().map(|lost| line("lost", lost)));
    lines.extend(report.unverified.iter().map(|lost| line("unverified", lost)));
    lines.extend(report.repaired.iter().map(|file| format!("{:<12}{file}", "repaired")));
    lines.join("\n") + "\n"
}
