//! `ethogram pull`: runs in an object store onto this machine.

use crate::options::PullOptions;

/// Brings all runs, several at a time, and prints a line each. The code is 1 when one could not be brought whole.
#[cfg(feature = "s3")]
pub fn pull(options: &PullOptions) -> anyhow::Result<u8> {
    use anyhow::Context as _;
    use ethogram_store::object::{Remote, runs_in};

    use crate::{
        outcomes::Outcomes,
        parallel::in_parallel,
        runs,
        text::{text_from_bytes, text_from_count},
    };

    let from = Remote::open(options.from.trim_end_matches('/'), &runs::remote_options(&options.stores))?;
    let found = runs_in(&from)?;
    anyhow::ensure!(
        !found.is_empty(),
        "no run there; give the prefix of a run, or one above, `ethogram ls` lists them: {}",
        from.url()
    );
    let brought = in_parallel(&found, |path| {
        let run = from.within(path);
        let place = if path.is_empty() { options.to.join(by_name(&run)?) } else { options.to.join(path) };
        let report = ethogram_store::object::pull(&run, &place)
            .with_context(|| format!("{} was not brought whole; the same command goes on with it", run.url()))?;
        anyhow::Ok((place, report))
    });
    let mut outcomes = Outcomes::new(options.json);
    for (path, brought) in found.iter().zip(brought) {
        outcomes.tell(
            brought,
            |(place, report)| serde_json::json!({ "run": place, "url": from.within(path).url(), "report": report }),
            |(place, report)| {
                format!(
                    "{} files, {} came, {} were here: {}",
                    text_from_count(report.files as i64),
                    text_from_bytes(report.bytes),
                    text_from_count(report.unchanged as i64),
                    place.display()
                )
            },
        );
    }
    outcomes.end()
}

/// Where a run goes that was named itself: by its project and id.
#[cfg(feature = "s3")]
fn by_name(run: &ethogram_store::object::Remote) -> anyhow::Result<std::path::PathBuf> {
    let info = ethogram_store::object::info_of(run)?;
    let is_id = info.id.0.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !info.id.0.is_empty();
    anyhow::ensure!(is_id, "the id of the run is {:?}, which cannot be the name of a folder: {}", info.id.0, run.url());
    ethogram_store::check_project(&info.project)?;
    Ok(std::path::Path::new(&info.project).join(info.id.0))
}

/// As above, where there are no object stores.
#[cfg(not(feature = "s3"))]
pub fn pull(_: &PullOptions) -> anyhow::Result<u8> {
    anyhow::bail!(crate::runs::without_stores())
}
