//! Verifies a run: every hash, every log, every manifest, every row; and rebuilds logs that were lost.

mod live;
mod rebuild;
mod sealed;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use crate::blob::blob_hash_matches;
use crate::codec::decode_group;
use crate::columns::{checkpoints_from, frames_from};
use crate::compact::refuse_running;
use crate::files::LocalFiles;
use crate::layout::{BLOBS_FOLDER, Kind, STATUS_FILE, live_numbers, names_in, writer_dirs};
use crate::manifest::{Manifest, has_extension};
use crate::seal::Sealer;
use crate::status::{now_us, read_info, read_status};
use crate::{Error, Lost, Result, RunState};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CheckReport {
    /// Files read to the end.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Rows that could be read, frame groups counted as one.
    pub rows: u64,
    /// Rows of image fields that could be decoded.
    pub frames: u64,
    /// What cannot be read, or is not what was written.
    pub lost: Vec<Lost>,
    /// What can be read though no checksum vouches for it: found by walking a segment behind the end of its log.
    /// Readers see it only once it is repaired.
    pub unverified: Vec<Lost>,
    /// Logs that were rebuilt.
    pub repaired: Vec<String>,
}

impl CheckReport {
    /// Nothing is missing and all is vouched for.
    pub fn is_sound(&self) -> bool {
        self.lost.is_empty() && self.unverified.is_empty()
    }
}

/// Reads everything in a run and compares it with its checksums. A run may be checked while it is written.
///
/// With `repair`, a log that is missing or torn is rebuilt by walking the Arrow messages of its segment. The rows found that way
/// are served from then on; no checksum of the writer vouches for them, so the report lists them as unverified.
///
/// # Errors
/// [`Error::NotARun`], [`Error::NewerVersion`]; [`Error::StillRunning`] when a run that is being written is to be repaired.
/// Damage is not an error but what the report tells.
pub fn check(run_dir: &Path, repair: bool) -> Result<CheckReport> {
    read_info(run_dir)?;
    if repair {
        refuse_running(run_dir)?;
    }
    let running = read_status(run_dir).is_some_and(|status| status.state_at(now_us()) == RunState::Running);
    let mut check =
        Check { running, run_dir: run_dir.to_owned(), repair, report: CheckReport::default(), blobs: BTreeSet::new() };
    if run_dir.join(STATUS_FILE).exists() && read_status(run_dir).is_none() {
        check.lost(&run_dir.join(STATUS_FILE), "the state of the run", "not the JSON of RunStatus");
    }
    for writer_dir in writer_dirs(run_dir)? {
        let _lock = if repair {
            let lock = Sealer::try_lock(&writer_dir, true)?;
            Some(lock.ok_or_else(|| Error::StillRunning { path: run_dir.to_owned() })?)
        } else {
            None
        };
        check.writer(&writer_dir)?;
    }
    check.blobs()?;
    check.report.lost.sort_by(|a, b| (&a.file, &a.what).cmp(&(&b.file, &b.what)));
    Ok(check.report)
}

/// A check going on.
struct Check {
    run_dir: PathBuf,
    repair: bool,
    running: bool,
    report: CheckReport,
    /// Hashes that checkpoints name.
    blobs: BTreeSet<String>,
}

impl Check {
    fn writer(&mut self, writer_dir: &Path) -> Result<()> {
        let files = LocalFiles::new(writer_dir);
        let (manifest, _) = Manifest::newest(&files, "")?;
        let (unsound, manifests) = Manifest::unsound(&files, "")?;
        for (file, why) in unsound {
            self.lost(&writer_dir.join(file), "the manifest", &why);
        }
        self.report.files += manifests;
        for sealed in &manifest.sealed {
            self.sealed(writer_dir, sealed);
        }
        for kind in Kind::ALL {
            for number in live_numbers(writer_dir, kind)? {
                if manifest.holding(kind, number).is_none() {
                    self.live(writer_dir, kind, number)?;
                }
            }
        }
        Ok(())
    }

    /// Looks into rows that could be read: frames are decoded, checkpoints remembered.
    fn rows(&mut self, file: &Path, kind: Kind, batch: &arrow_array::RecordBatch) {
        self.report.rows += batch.num_rows() as u64;
        match kind {
            Kind::Frames => match frames_from(batch) {
                Ok(groups) => {
                    for row in groups {
                        self.group(file, row.episode, &row.field, row.first, row.count, &row.group);
                    }
                }
                Err(error) => self.lost(file, "columns of frames", &why(&error)),
            },
            Kind::Checkpoints => match checkpoints_from(batch) {
                Ok(rows) => self.blobs.extend(rows.into_iter().map(|row| row.hash)),
                Err(error) => self.lost(file, "columns of checkpoints", &why(&error)),
            },
            _ => {}
        }
    }

    fn group(&mut self, file: &Path, episode: u64, field: &str, first: u64, count: u32, group: &[u8]) {
        let what = || format!("{count} rows of {field:?} from step {first} of episode {episode}");
        match decode_group(group) {
            Ok(rows) if rows.shape().first() == Some(&(count as usize)) => self.report.frames += u64::from(count),
            Ok(rows) => self.lost(file, &what(), &format!("the group holds {:?}", rows.shape())),
            Err(error) => self.lost(file, &what(), &why(&error)),
        }
    }

    fn blobs(&mut self) -> Result<()> {
        let folder = self.run_dir.join(BLOBS_FOLDER);
        let mut names = names_in(&folder)?;
        names.retain(|name| !has_extension(name, "tmp"));
        names.sort_unstable();
        for name in &names {
            let path = folder.join(name);
            match hash_file(&path, |hash| blob_hash_matches(name, hash)) {
                Ok((true, bytes)) => {
                    self.report.files += 1;
                    self.report.bytes += bytes;
                }
                Ok((false, _)) => self.lost(&path, "the blob", "checksum differs from its name"),
                Err(error) => self.lost(&path, "the blob", &why(&error)),
            }
        }
        let missing: Vec<String> = self.blobs.iter().filter(|hash| !names.contains(hash)).cloned().collect();
        for hash in missing {
            self.lost(&folder.join(&hash), "the bytes of a checkpoint", "no such blob");
        }
        Ok(())
    }

    fn lost(&mut self, file: &Path, what: &str, why: &str) {
        let lost = self.part(file, what, why);
        self.report.lost.push(lost);
    }

    fn part(&self, file: &Path, what: &str, why: &str) -> Lost {
        let file = file.strip_prefix(&self.run_dir).unwrap_or(file).display().to_string();
        Lost { file, what: what.into(), why: why.into() }
    }
}

/// Reads a file to its end; what `of` makes of its hash, and its length.
fn hash_file<T>(path: &Path, of: impl FnOnce(&Xxh3) -> T) -> Result<(T, u64)> {
    use std::io::Read;
    let failed = |source| crate::layout::io_error("read", path, source);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut hash = Xxh3::new();
    let mut chunk = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut chunk).map_err(failed)?;
        if read == 0 {
            return Ok((of(&hash), bytes));
        }
        hash.update(&chunk[..read]);
        bytes += read as u64;
    }
}

/// An error without the path, which stands beside it.
fn why(error: &Error) -> String {
    match error {
        Error::Corrupt { what, expected, found, .. } => format!("{what}: expected {expected}, found {found}"),
        Error::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}
