//! A finished run into few large sealed files.

use std::path::Path;

use crate::layout::{Kind, live_numbers, log_path, segment_path, writer_dirs};
use crate::manifest::Sealed;
use crate::seal::{Sealer, Watch, read_sealed};
use crate::sealed::build;
use crate::status::{now_us, read_info, read_status};
use crate::{Error, Lost, Result, RunState};

/// Live segments are sealed together up to this many bytes.
const LIVE_BYTES_MAX: u64 = 128 << 20;
/// Sealed files are merged up to this many bytes…
const SEALED_BYTES_MAX: u64 = 256 << 20;
/// …and this many rows.
const SEALED_ROWS_MAX: u64 = 16 << 20;

/// What a compaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CompactReport {
    /// Folders of writers looked at. Each keeps its own files; readers see them as one run.
    pub writers: u64,
    /// Live segments that are sealed now.
    pub segments_sealed: u64,
    /// Sealed files that were merged into larger ones.
    pub files_merged: u64,
    /// Bytes of the run before, blobs and caches left out.
    pub bytes_before: u64,
    /// Bytes after.
    pub bytes_after: u64,
    /// What could not be sealed and stays as it is.
    pub skipped: Vec<Lost>,
}

/// Seals what is live and merges small sealed files, folder by folder. A process that dies in it leaves a run that reads the same;
/// running it again goes on.
///
/// # Errors
/// [`Error::StillRunning`] while a process writes the run; [`Error::NotARun`]; [`Error::Io`] when the disk refuses.
/// Damaged segments are no error: they are skipped, and told.
pub fn compact(run_dir: &Path) -> Result<CompactReport> {
    compact_watched(run_dir, &mut |_| Ok(()))
}

pub(crate) fn compact_watched(run_dir: &Path, watch: Watch<'_>) -> Result<CompactReport> {
    read_info(run_dir)?;
    refuse_running(run_dir)?;
    let writers = writer_dirs(run_dir)?;
    let mut report = CompactReport { writers: writers.len() as u64, ..CompactReport::default() };
    for writer_dir in &writers {
        report.bytes_before += bytes_in(writer_dir)?;
        let Some(mut sealer) = Sealer::try_lock(writer_dir, true)? else {
            return Err(Error::StillRunning { path: run_dir.to_owned() });
        };
        for kind in Kind::ALL {
            seal_live(&mut sealer, run_dir, writer_dir, kind, &mut report, watch)?;
            merge_sealed(&mut sealer, run_dir, writer_dir, kind, &mut report, watch)?;
        }
        report.bytes_after += bytes_in(writer_dir)?;
    }
    Ok(report)
}

/// A run that a process writes must be left to it.
pub(crate) fn refuse_running(run_dir: &Path) -> Result<()> {
    let running = read_status(run_dir).is_some_and(|status| status.state_at(now_us()) == RunState::Running);
    if running { Err(Error::StillRunning { path: run_dir.to_owned() }) } else { Ok(()) }
}

fn seal_live(
    sealer: &mut Sealer,
    run_dir: &Path,
    writer_dir: &Path,
    kind: Kind,
    report: &mut CompactReport,
    watch: Watch<'_>,
) -> Result<()> {
    let mut pending: Vec<(u32, u64)> = Vec::new();
    let numbers = live_numbers(writer_dir, kind)?;
    for number in numbers.into_iter().map(Some).chain([None]) {
        let size = number.map_or(0, |number| length(&segment_path(writer_dir, kind, number)));
        let gathered: u64 = pending.iter().map(|(_, bytes)| bytes).sum();
        let follows = pending.last().is_none_or(|&(last, _)| number == Some(last + 1));
        if !follows || gathered + size > LIVE_BYTES_MAX {
            seal_range(sealer, run_dir, writer_dir, kind, &pending, report, watch)?;
            pending.clear();
        }
        pending.extend(number.map(|number| (number, size)));
    }
    Ok(())
}

/// Seals segments together, or, when one of them is damaged or does not fit the others, each alone.
fn seal_range(
    sealer: &mut Sealer,
    run_dir: &Path,
    writer_dir: &Path,
    kind: Kind,
    segments: &[(u32, u64)],
    report: &mut CompactReport,
    watch: Watch<'_>,
) -> Result<()> {
    let (Some(&(first, _)), Some(&(last, _))) = (segments.first(), segments.last()) else { return Ok(()) };
    match sealer.seal_watched(kind, first, last, watch) {
        Ok(Some(_)) => {
            report.segments_sealed += segments.len() as u64;
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) if !(error.is_corrupt() || error.is_bad_input()) => Err(error),
        Err(error) if segments.len() == 1 => {
            let path = log_path(writer_dir, kind, first);
            report.skipped.push(lost(run_dir, &path, format!("all of segment {first}"), &error));
            Ok(())
        }
        Err(_) => segments
            .iter()
            .try_for_each(|&segment| seal_range(sealer, run_dir, writer_dir, kind, &[segment], report, watch)),
    }
}

fn merge_sealed(
    sealer: &mut Sealer,
    run_dir: &Path,
    writer_dir: &Path,
    kind: Kind,
    report: &mut CompactReport,
    watch: Watch<'_>,
) -> Result<()> {
    for group in mergeable(sealer.manifest().of_kind(kind)) {
        let batches: Result<Vec<_>> = group.iter().map(|sealed| read_sealed(writer_dir, sealed)).collect();
        let built = batches.and_then(|batches| build(kind, &batches));
        let built = match built {
            Ok(built) => built,
            Err(error) if error.is_corrupt() || error.is_bad_input() => {
                let path = writer_dir.join(kind.folder()).join(&group[0].file.file);
                report.skipped.push(lost(run_dir, &path, format!("merging {} files", group.len()), &error));
                continue;
            }
            Err(error) => return Err(error),
        };
        let range = (group[0].first, group[group.len() - 1].last);
        let merged = sealer.put(kind, range, &built, watch)?;
        let mut manifest = sealer.manifest().clone();
        manifest.sealed.retain(|sealed| !group.contains(sealed));
        manifest.sealed.push(merged);
        sealer.publish(manifest, watch)?;
        report.files_merged += group.len() as u64;
    }
    Ok(())
}

/// Runs of neighbours that are worth one file.
fn mergeable<'a>(sealed: impl Iterator<Item = &'a Sealed>) -> Vec<Vec<Sealed>> {
    let mut groups: Vec<Vec<Sealed>> = Vec::new();
    let (mut bytes, mut rows) = (0, 0);
    for file in sealed {
        let fits = bytes + file.file.bytes <= SEALED_BYTES_MAX && rows + file.rows <= SEALED_ROWS_MAX;
        // A live segment between two files belongs between their rows: it was skipped, and they cannot be one.
        let next_to = groups.last().and_then(|group| group.last()).is_some_and(|last| last.last + 1 == file.first);
        if let Some(group) = groups.last_mut().filter(|_| fits && next_to) {
            group.push(file.clone());
        } else {
            groups.push(vec![file.clone()]);
            (bytes, rows) = (0, 0);
        }
        bytes += file.file.bytes;
        rows += file.rows;
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn lost(run_dir: &Path, path: &Path, what: String, error: &Error) -> Lost {
    let file = path.strip_prefix(run_dir).unwrap_or(path).display().to_string();
    Lost { file, what, why: error.to_string() }
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

fn bytes_in(writer_dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for folder in Kind::ALL.map(|kind| writer_dir.join(kind.folder())) {
        bytes += crate::layout::names_in(&folder)?.iter().map(|name| length(&folder.join(name))).sum::<u64>();
    }
    Ok(bytes)
}
