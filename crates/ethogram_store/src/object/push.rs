//! Copies a run to an object store.

use std::collections::BTreeMap;
use std::path::Path;

use super::remote::Remote;
use crate::files::{Files, LocalFiles};
use crate::layout::{BLOBS_FOLDER, RUN_FILE, STATUS_FILE};
use crate::manifest::{has_extension, join, manifest_number};
use crate::status::read_info;
use crate::{Error, Kind, Result};

/// How often a push begins anew because the writer took away what was to be sent.
const PASSES: u32 = 5;

/// What a push did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct PushReport {
    /// Files sent.
    pub files: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Files that were there already.
    pub unchanged: u64,
    /// Objects removed because the run has sealed or merged what they held.
    pub removed: u64,
}

/// Copies a run to a prefix. Files that never change and are there already are not sent again, so that a push that was interrupted
/// goes on. A reader of the prefix sees the run as it was before, or as it is.
///
/// A run that is being written is copied as far as it is, and a later push adds what came since.
///
/// # Errors
/// [`crate::Error::NotARun`]; when the store does not answer.
pub fn push(run_dir: &Path, remote: &Remote) -> Result<PushReport> {
    read_info(run_dir)?;
    let mut report = PushReport::default();
    for _ in 1..PASSES {
        if pass(run_dir, remote, &mut report)? {
            return Ok(report);
        }
    }
    // The last look at what is there counts, whatever the writer does meanwhile: what it took away is named by nothing that was sent.
    pass(run_dir, remote, &mut report)?;
    Ok(report)
}

/// Sends what there is. False when some of it was sealed or merged before it could be sent.
fn pass(run_dir: &Path, remote: &Remote, report: &mut PushReport) -> Result<bool> {
    let local = LocalFiles::new(run_dir);
    let there: BTreeMap<String, u64> = remote.list()?.into_iter().map(|object| (object.path, object.bytes)).collect();
    let mut paths = Vec::new();
    for entry in local.list("")? {
        match entry.bytes {
            Some(bytes) if entry.name == RUN_FILE || entry.name == STATUS_FILE => paths.push((entry.name, bytes)),
            None if entry.name == BLOBS_FOLDER || entry.name == "meta" => below(&local, &entry.name, &mut paths)?,
            None if entry.name.starts_with("w-") => {
                below(&local, &entry.name, &mut paths)?;
                for kind in Kind::ALL {
                    below(&local, &join(&entry.name, kind.folder()), &mut paths)?;
                }
            }
            _ => {}
        }
    }
    paths.retain(|(path, _)| !has_extension(path, "tmp") && !path.ends_with(&format!("/{}", crate::seal::LOCK_FILE)));
    // What is named before what names it: a run that can be found is whole.
    paths.sort_by_key(|(path, _)| stage(path));
    report.unchanged = 0;
    for (path, bytes) in &paths {
        if is_immutable(path) && there.get(path) == Some(bytes) {
            report.unchanged += 1;
            continue;
        }
        match remote.put_file(path, &local.locate(path)) {
            Ok(sent) => {
                report.bytes += sent;
                report.files += 1;
            }
            // Nothing that comes later in the order may be sent without it.
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    for path in there.keys().filter(|path| path.starts_with("w-") && paths.iter().all(|(local, _)| local != *path)) {
        remote.remove(path)?;
        report.removed += 1;
    }
    Ok(true)
}

fn below(local: &LocalFiles, folder: &str, paths: &mut Vec<(String, u64)>) -> Result<()> {
    let entries = local.list(folder)?.into_iter();
    paths.extend(entries.filter_map(|entry| Some((join(folder, &entry.name), entry.bytes?))));
    Ok(())
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Files of a later stage name those of earlier ones.
pub(super) fn stage(path: &str) -> u8 {
    match name(path) {
        RUN_FILE => 4,
        STATUS_FILE => 3,
        name if manifest_number(name).is_some() => 2,
        name if has_extension(name, "log") => 1,
        _ => 0,
    }
}

/// Sealed files, manifests and blobs are written once.
fn is_immutable(path: &str) -> bool {
    let name = name(path);
    let sealed = [".parquet", ".arrow"].iter().any(|end| name.ends_with(end));
    sealed || manifest_number(name).is_some() || path.starts_with(BLOBS_FOLDER)
}
