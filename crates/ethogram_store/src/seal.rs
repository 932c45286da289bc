//! Live segments into sealed files.
//!
//! In this order, so that a process that dies anywhere leaves a run that reads the same: the sealed file under its name, the
//! manifest that names it, and only then are the live files removed. What a stop leaves over is removed by the next seal.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;

use crate::files::{Files, LocalFiles};
use crate::layout::{Kind, io_error, live_number, log_path, names_in, segment_path};
use crate::live::LiveSegment;
use crate::manifest::{Manifest, Sealed, has_extension, manifest_number, write_new};
use crate::sealed::{Built, build};
use crate::{Error, Result};

/// Name of the file whose lock whoever seals in a writer's folder holds.
pub const LOCK_FILE: &str = "LOCK";
/// Manifests before the newest that are kept.
const MANIFESTS_KEPT: usize = 2;

/// A writer's folder in which nobody else seals or compacts.
#[derive(Debug)]
pub struct Sealer {
    writer_dir: PathBuf,
    manifest: Manifest,
    durable: bool,
    /// Released when this is dropped.
    _lock: File,
}

/// What a seal is about to do; a test that stands for a crash stops here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Write the rollup.
    Rollup,
    /// Write the sealed file.
    Data,
    /// Publish the manifest.
    Publish,
    /// Remove a file that the manifest replaced.
    Remove,
}

/// Called before each operation on the disk; an error stops it.
pub(crate) type Watch<'a> = &'a mut dyn FnMut(Stage) -> Result<()>;

impl Sealer {
    /// Locks a writer's folder, waiting for whoever holds it, and removes what an interrupted seal left over.
    /// With `durable`, what is sealed outlives a power cut.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be locked or read; [`Error::NewerVersion`].
    pub fn lock(writer_dir: &Path, durable: bool) -> Result<Self> {
        let (path, lock) = open_lock(writer_dir)?;
        match lock.lock() {
            Err(source) if source.kind() != ErrorKind::Unsupported => Err(io_error("lock", &path, source)),
            _ => Self::locked(writer_dir, durable, lock),
        }
    }

    /// As [`Sealer::lock`], but `None` when another process holds the folder.
    pub fn try_lock(writer_dir: &Path, durable: bool) -> Result<Option<Self>> {
        let (path, lock) = open_lock(writer_dir)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) if source.kind() != ErrorKind::Unsupported => {
                Err(io_error("lock", &path, source))
            }
            _ => Self::locked(writer_dir, durable, lock).map(Some),
        }
    }

    fn locked(writer_dir: &Path, durable: bool, lock: File) -> Result<Self> {
        let (manifest, _) = Manifest::newest(&LocalFiles::new(writer_dir), "")?;
        let sealer = Self { writer_dir: writer_dir.to_owned(), manifest, durable, _lock: lock };
        sealer.sweep(&mut |_| Ok(()))?;
        Ok(sealer)
    }

    /// What is sealed.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Seals the live segments `first` to `last` of a kind, which must not grow any more. Numbers that have no file are passed over;
    /// `None` when there are no rows.
    ///
    /// # Errors
    /// When a batch cannot be trusted or the columns of the segments do not fit together: then the live segments stay as they are.
    /// [`Error::Io`] when the disk refuses.
    pub fn seal(&mut self, kind: Kind, first: u32, last: u32) -> Result<Option<Sealed>> {
        self.seal_watched(kind, first, last, &mut |_| Ok(()))
    }

    pub(crate) fn seal_watched(
        &mut self,
        kind: Kind,
        first: u32,
        last: u32,
        watch: Watch<'_>,
    ) -> Result<Option<Sealed>> {
        let mut batches = Vec::new();
        for number in first..=last {
            batches.extend(read_segment(&self.writer_dir, kind, number)?);
        }
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Ok(None);
        }
        let built = build(kind, &batches).map_err(|error| error.in_file(&self.writer_dir.join(kind.folder())))?;
        drop(batches);
        let sealed = self.put(kind, (first, last), &built, watch)?;
        let mut manifest = self.manifest.clone();
        manifest.sealed.push(sealed.clone());
        self.publish(manifest, watch)?;
        Ok(Some(sealed))
    }

    /// Writes a sealed file, and its rollup, under the names of its segments. Not in the manifest yet.
    pub(crate) fn put(&self, kind: Kind, range: (u32, u32), built: &Built, watch: Watch<'_>) -> Result<Sealed> {
        let folder = self.writer_dir.join(kind.folder());
        let stem = format!("{:06}-{:06}", range.0, range.1);
        let write = |name: String, sealed: &crate::sealed::SealedBytes| {
            let path = folder.join(&name);
            // Under the lock a file that no manifest names can only be a left-over.
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => Err(io_error("remove", &path, source)),
                _ => write_new(&path, &sealed.bytes, self.durable).map(|()| sealed.entry(name)),
            }
        };
        let rollup = match &built.rollup {
            Some(rollup) => {
                watch(Stage::Rollup)?;
                Some(write(format!("{stem}.rollup.parquet"), rollup)?)
            }
            None => None,
        };
        watch(Stage::Data)?;
        let extension = if kind == Kind::Frames { "arrow" } else { "parquet" };
        let file = write(format!("{stem}.{extension}"), &built.data)?;
        Ok(Sealed {
            kind,
            first: range.0,
            last: range.1,
            file,
            rows: built.data.rows,
            rollup,
            min_step: built.min_step,
            max_step: built.max_step,
            episodes: built.episodes,
        })
    }

    /// Publishes a manifest and removes what it replaces.
    pub(crate) fn publish(&mut self, manifest: Manifest, watch: Watch<'_>) -> Result<()> {
        watch(Stage::Publish)?;
        self.manifest = manifest.publish(&self.writer_dir, self.durable)?;
        self.sweep(watch)
    }

    /// Removes live segments that are sealed, sealed files that no manifest names, and what was being written when a process died.
    fn sweep(&self, watch: Watch<'_>) -> Result<()> {
        let mut remove = |path: PathBuf| -> Result<()> {
            watch(Stage::Remove)?;
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => Err(io_error("remove", &path, source)),
                _ => Ok(()),
            }
        };
        for kind in Kind::ALL {
            let folder = self.writer_dir.join(kind.folder());
            let mut names = names_in(&folder)?;
            // Logs before segments: readers take a segment without a log for a damaged one only once they know that it was there.
            names.sort_unstable_by_key(|name| (live_number(name), !has_extension(name, "log")));
            for name in names {
                let sealed = live_number(&name).is_some_and(|number| self.manifest.holding(kind, number).is_some());
                if sealed || has_extension(&name, "tmp") || (is_sealed_name(&name) && !self.names(kind, &name)) {
                    remove(folder.join(name))?;
                }
            }
        }
        let mut numbers: Vec<(u32, String)> = names_in(&self.writer_dir)?
            .into_iter()
            .filter_map(|name| Some((manifest_number(&name)?, name)))
            .filter(|(number, _)| *number < self.manifest.number)
            .collect();
        numbers.sort_unstable();
        let old = numbers.len().saturating_sub(MANIFESTS_KEPT);
        numbers.into_iter().take(old).try_for_each(|(_, name)| remove(self.writer_dir.join(name)))
    }

    fn names(&self, kind: Kind, name: &str) -> bool {
        let mut files =
            self.manifest.of_kind(kind).flat_map(|sealed| std::iter::once(&sealed.file).chain(&sealed.rollup));
        files.any(|entry| entry.file == name)
    }
}

/// A file system without locks is used without: two who seal the same folder then still meet at the number of the manifest.
fn open_lock(writer_dir: &Path) -> Result<(PathBuf, File)> {
    let path = writer_dir.join(LOCK_FILE);
    let lock = crate::layout::open_lock(&path).map_err(|source| io_error("create", &path, source))?;
    Ok((path, lock))
}

/// `000000-000006.parquet`, `000000-000006.rollup.parquet`, `000000-000003.arrow`.
fn is_sealed_name(name: &str) -> bool {
    let Some((range, rest)) = name.split_once('.') else { return false };
    let number = |digits: &str| digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    matches!(rest, "parquet" | "rollup.parquet" | "arrow")
        && range.split_once('-').is_some_and(|(first, last)| number(first) && number(last))
}

/// All batches of a live segment; none when there is no such segment or nothing was committed to it.
///
/// # Errors
/// [`Error::Corrupt`] when a batch or the log cannot be trusted.
pub(crate) fn read_segment(writer_dir: &Path, kind: Kind, number: u32) -> Result<Vec<RecordBatch>> {
    if !log_path(writer_dir, kind, number).exists() {
        let path = segment_path(writer_dir, kind, number);
        if path.metadata().is_ok_and(|metadata| metadata.len() > 0) {
            return Err(log_damaged(path, "no log"));
        }
        return Ok(Vec::new());
    }
    let mut segment = LiveSegment::new(writer_dir, kind, number);
    segment.refresh()?;
    if let Some(why) = segment.unsound() {
        return Err(log_damaged(segment.log_path().to_owned(), why));
    }
    segment.batches().iter().map(|record| segment.read(record)).collect()
}

fn log_damaged(path: PathBuf, found: &str) -> Error {
    Error::Corrupt {
        what: "commit log".into(),
        expected: "a sound one; `ethogram check --repair` rebuilds it".into(),
        found: found.into(),
        path,
    }
}

/// All rows of a sealed file as batches, to be sealed again.
pub(crate) fn read_sealed(writer_dir: &Path, sealed: &Sealed) -> Result<RecordBatch> {
    use crate::columns::{FrameRow, frames_batch};
    use crate::sealed::{SealedFrames, Table};
    let files: std::sync::Arc<dyn Files> = std::sync::Arc::new(LocalFiles::new(writer_dir));
    let path = format!("{}/{}", sealed.kind.folder(), sealed.file.file);
    if sealed.kind != Kind::Frames {
        let table = Table::open(files, path, &sealed.file)?;
        return table.read_all();
    }
    let frames = SealedFrames::open(files, path, &sealed.file)?;
    let rows: Result<Vec<FrameRow>> = frames
        .groups()
        .iter()
        .map(|place| {
            let field = std::sync::Arc::clone(&frames.fields()[place.field as usize]);
            let group = frames.read_group(place)?;
            Ok(FrameRow { episode: place.episode, field, first: group.first, count: group.count, group: group.bytes })
        })
        .collect();
    frames_batch(&rows?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Effort, FrameLayout, encode_group};
    use crate::columns::{FrameRow, ScalarPoint, frames_batch, scalars_batch};
    use crate::compact::compact_watched;
    use crate::live::{SegmentWriter, Span};
    use crate::log::Record;
    use crate::{Axis, RunInfo};

    const SPAN: Span = Span { first: 0, last: 9, episode: Record::NO_EPISODE };

    /// A run of one writer with `segments` live segments of scalars and of frames.
    fn run(root: &Path, segments: u32) -> PathBuf {
        let writer_dir = root.join("w-01");
        std::fs::create_dir(&writer_dir).expect("a folder");
        let info = serde_json::to_vec(&RunInfo::default()).expect("json");
        std::fs::write(root.join("run.json"), info).expect("written");
        for number in 0..segments {
            let points: Vec<ScalarPoint<'_>> = (0..2000)
                .map(|i| {
                    let step = i64::from(i) + i64::from(number) * 1500;
                    let value = f64::from(i + i32::try_from(number).expect("small") * 7);
                    ScalarPoint {
                        axis: Axis::GlobalStep,
                        tag: if i % 3 == 0 { "a" } else { "b" },
                        step,
                        time_us: 0,
                        value,
                    }
                })
                .collect();
            write(&writer_dir, Kind::Scalars, number, &scalars_batch(&points).expect("a batch"));
            let layout = FrameLayout::of_shape(&[4, 4], None).expect("a picture");
            let picture = [number as u8; 16];
            let group = encode_group(&layout, &[&picture[..]; 20], Effort::Live).expect("a group").into();
            let row = FrameRow { episode: 0, field: "frame".into(), first: u64::from(number) * 15, count: 20, group };
            write(&writer_dir, Kind::Frames, number, &frames_batch(&[row]).expect("a batch"));
        }
        writer_dir
    }

    fn write(writer_dir: &Path, kind: Kind, number: u32, batch: &RecordBatch) {
        let mut writer = SegmentWriter::create(writer_dir, kind, number, batch.schema()).expect("a segment");
        writer.append(batch, SPAN).expect("appended");
        writer.commit(false).expect("committed");
    }

    /// All rows of a kind as one file, sealed or not: equal bytes, equal rows.
    fn rows(writer_dir: &Path, kind: Kind) -> bytes::Bytes {
        let (manifest, _) = Manifest::newest(&LocalFiles::new(writer_dir), "").expect("a manifest");
        let mut parts: Vec<(u32, Vec<RecordBatch>)> =
            manifest.of_kind(kind).map(|s| (s.first, vec![read_sealed(writer_dir, s).expect("rows")])).collect();
        for number in crate::layout::live_numbers(writer_dir, kind).expect("numbers") {
            if manifest.holding(kind, number).is_none() {
                parts.push((number, read_segment(writer_dir, kind, number).expect("rows")));
            }
        }
        parts.sort_by_key(|(first, _)| *first);
        let batches: Vec<RecordBatch> = parts.into_iter().flat_map(|(_, batches)| batches).collect();
        build(kind, &batches).expect("built").data.bytes
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut names = names_in(folder).expect("names");
        names.sort_unstable();
        names
    }

    #[test]
    fn sealing_replaces_live_segments_by_one_file_with_the_same_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer_dir = run(folder.path(), 3);
        let before = rows(&writer_dir, Kind::Scalars);
        let mut sealer = Sealer::lock(&writer_dir, false).expect("locked");
        assert!(Sealer::try_lock(&writer_dir, false).expect("asked").is_none(), "only one seals");
        let sealed = sealer.seal(Kind::Scalars, 0, 1).expect("sealed").expect("rows");
        assert_eq!((sealed.rows, sealed.min_step, sealed.max_step), (3500, 0, 3499));
        assert!(sealed.rollup.is_some());
        let expected = ["000000-000001.parquet", "000000-000001.rollup.parquet", "000002.arrows", "000002.log"];
        assert_eq!(files(&writer_dir.join("scalars")), expected);
        assert_eq!(rows(&writer_dir, Kind::Scalars), before);
        assert_eq!(sealer.seal(Kind::Scalars, 7, 9).expect("nothing there"), None);
    }

    #[test]
    fn compaction_leaves_one_file_a_kind() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer_dir = run(folder.path(), 4);
        let (scalars, frames) = (rows(&writer_dir, Kind::Scalars), rows(&writer_dir, Kind::Frames));
        Sealer::lock(&writer_dir, false).expect("locked").seal(Kind::Scalars, 0, 1).expect("sealed");
        let report = crate::compact(folder.path()).expect("compacted");
        assert_eq!((report.writers, report.segments_sealed, report.files_merged), (1, 6, 2));
        assert!(report.skipped.is_empty() && report.bytes_after < report.bytes_before, "{report:?}");
        assert_eq!(files(&writer_dir.join("scalars")), ["000000-000003.parquet", "000000-000003.rollup.parquet"]);
        assert_eq!(files(&writer_dir.join("frames")), ["000000-000003.arrow"]);
        assert_eq!(rows(&writer_dir, Kind::Scalars), scalars);
        assert_eq!(rows(&writer_dir, Kind::Frames), frames);
        let again = crate::compact(folder.path()).expect("compacted");
        assert_eq!((again.segments_sealed, again.files_merged), (0, 0), "nothing is left to do");
    }

    /// Stops before each operation on the disk in turn: the run reads the same, and the next compaction finishes the work.
    #[test]
    fn a_stop_at_any_point_leaves_a_run_that_reads_the_same() {
        let mut stages = Vec::new();
        for stop in 0.. {
            let folder = tempfile::tempdir().expect("a folder");
            let writer_dir = run(folder.path(), 3);
            let (scalars, frames) = (rows(&writer_dir, Kind::Scalars), rows(&writer_dir, Kind::Frames));
            Sealer::lock(&writer_dir, false).expect("locked").seal(Kind::Scalars, 0, 0).expect("sealed");
            let mut done = 0;
            let mut last = None;
            let result = compact_watched(folder.path(), &mut |stage| {
                last = Some(stage);
                done += 1;
                if done > stop { Err(Error::Closed) } else { Ok(()) }
            });
            assert_eq!(rows(&writer_dir, Kind::Scalars), scalars, "stopped before operation {stop}, {last:?}");
            assert_eq!(rows(&writer_dir, Kind::Frames), frames, "stopped before operation {stop}, {last:?}");
            stages.extend(last);
            if result.is_ok() {
                break;
            }
            assert!(crate::compact(folder.path()).expect("compacted").skipped.is_empty());
            assert_eq!(rows(&writer_dir, Kind::Scalars), scalars);
            let left = [files(&writer_dir.join("scalars")), files(&writer_dir.join("frames"))].concat();
            assert_eq!(left, ["000000-000002.parquet", "000000-000002.rollup.parquet", "000000-000002.arrow"]);
        }
        for stage in [Stage::Rollup, Stage::Data, Stage::Publish, Stage::Remove] {
            assert!(stages.contains(&stage), "{stage:?} was never stopped at");
        }
    }

    #[test]
    fn a_damaged_segment_stays_as_it_is_and_the_others_are_sealed() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer_dir = run(folder.path(), 3);
        let path = segment_path(&writer_dir, Kind::Scalars, 1);
        let mut bytes = std::fs::read(&path).expect("bytes");
        let middle = bytes.len() - 100;
        bytes[middle] ^= 4;
        std::fs::write(&path, bytes).expect("written");
        let report = crate::compact(folder.path()).expect("compacted");
        assert_eq!(report.skipped.len(), 1);
        assert_eq!(report.skipped[0].file, "w-01/scalars/000001.log");
        let expected = [
            "000000-000000.parquet",
            "000000-000000.rollup.parquet",
            "000001.arrows",
            "000001.log",
            "000002-000002.parquet",
            "000002-000002.rollup.parquet",
        ];
        assert_eq!(files(&writer_dir.join("scalars")), expected);
    }

    #[test]
    fn a_run_that_is_being_written_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer_dir = run(folder.path(), 1);
        let sealer = Sealer::lock(&writer_dir, false).expect("locked");
        assert!(matches!(crate::compact(folder.path()), Err(Error::StillRunning { .. })), "its folder is locked");
        drop(sealer);
        let status = crate::RunStatus { heartbeat_us: crate::now_us(), ..crate::RunStatus::default() };
        std::fs::write(folder.path().join("status.json"), serde_json::to_vec(&status).expect("json")).expect("written");
        assert!(matches!(crate::compact(folder.path()), Err(Error::StillRunning { .. })), "its heart beats");
    }
}
