//! `ethogram compact`: a finished run into few large files.

use ethogram_store::CompactReport;

use crate::{
    options::CompactOptions,
    runs,
    text::{text_from_bytes, text_from_count},
};

/// Prints what was done. The code is 1 when a damaged part had to be left as it is.
pub fn compact(options: &CompactOptions) -> anyhow::Result<u8> {
    if runs::is_remote(&options.run) {
        anyhow::bail!("a run in an object store is only read; compact it where it lies and send it again");
    }
    let report = ethogram_store::compact(&runs::found(&options.run)?)?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", crate::text::shown(&text(&report)));
    }
    Ok(u8::from(!report.skipped.is_empty()))
}

fn text(report: &CompactReport) -> String {
    let mut lines = vec![format!(
        "{} segments sealed, {} files merged: {} before, {} after",
        text_from_count(report.segments_sealed as i64),
        text_from_count(report.files_merged as i64),
        text_from_bytes(report.bytes_before),
        text_from_bytes(report.bytes_after),
    )];
    let skipped = |lost: &ethogram_store::Lost| format!("{:<12}{}: {} ({})", "left", lost.file, lost.what, lost.why);
    lines.extend(report.skipped.iter().map(skipped));
    lines.join("\n") + "\n"
}
