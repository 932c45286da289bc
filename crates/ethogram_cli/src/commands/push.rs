//! `ethogram push`: runs of this machine into an object store.

use crate::options::PushOptions;

/// Sends all runs, several at a time, and prints a line each. The code is 1 when one could not be sent.
#[cfg(feature = "s3")]
pub fn push(options: &PushOptions) -> anyhow::Result<u8> {
    use anyhow::Context as _;
    use ethogram_query::NativeOpener;
    use ethogram_store::{find_runs, object::Remote};

    use crate::{
        outcomes::Outcomes,
        parallel::in_parallel,
        runs,
        text::{text_from_bytes, text_from_count},
    };

    let to = Remote::open(options.to.trim_end_matches('/'), &runs::remote_options(&options.stores))?;
    let found = find_runs(&options.from, NativeOpener::RUNS_MAX)?;
    anyhow::ensure!(
        !found.is_empty(),
        "no run there; give the folder of a run, or one above: {}",
        options.from.display()
    );
    let sent = in_parallel(&found, |run| {
        let place = to.within(&place(&options.from, run)?);
        let report =
            ethogram_store::object::push(run, &place).with_context(|| format!("{} was not sent", run.display()))?;
        anyhow::Ok((place, report))
    });
    let mut outcomes = Outcomes::new(options.json);
    for (run, sent) in found.iter().zip(sent) {
        outcomes.tell(
            sent,
            |(place, report)| serde_json::json!({ "run": run, "url": place.url(), "report": report }),
            |(place, report)| {
                format!(
                    "{} files, {} sent, {} were there: {}",
                    text_from_count(report.files as i64),
                    text_from_bytes(report.bytes),
                    text_from_count(report.unchanged as i64),
                    place.url()
                )
            },
        );
    }
    outcomes.end()
}

/// Where a run goes, relative to what was typed: as it lies here, or by its project and id when it is what was typed.
#[cfg(feature = "s3")]
fn place(from: &std::path::Path, run: &std::path::Path) -> anyhow::Result<String> {
    if from == run {
        let info = ethogram_store::read_info(run)?;
        return Ok(format!("{}/{}", info.project, info.id.0));
    }
    let below = run.strip_prefix(from).unwrap_or(run);
    Ok(below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// As above, where there are no object stores.
#[cfg(not(feature = "s3"))]
pub fn push(_: &PushOptions) -> anyhow::Result<u8> {
    anyhow::bail!(crate::runs::without_stores())
}
