//! Attributions that were computed once, kept beside the run in `derived/attribution`; `docs/format.md` has the bytes.
//!
//! Nothing here is trusted more than any file: what does not agree with its hash is computed anew, and so is what was computed from
//! other inputs. Nothing here is needed: where it cannot be written, everything is computed when asked.

mod packed;
mod question;
mod record;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use packed::{pack, unpack};
pub use question::{Frame, Question};
use record::{RECORD_BYTES, Record};

/// Bytes of attributions that are kept of a run, unless said otherwise; those used least recently go first.
pub const KEPT_BYTES_MAX: u64 = 4 << 30;
/// Folder below the one for derived data.
const FOLDER: &str = "attribution";
/// Files of a question.
const QUESTION_FILE: &str = "question.json";
const LOG_FILE: &str = "steps.log";
const VALUES_FILE: &str = "values.bin";
const LOCK_FILE: &str = "LOCK";
/// Largest description of a question, and largest log of its steps, that are read.
const QUESTION_BYTES_MAX: u64 = 64 << 10;
const LOG_BYTES_MAX: u64 = 256 << 20;
/// Most numbers of one step.
const WIDTH_MAX: usize = 64 << 20;
/// How exactly it is known when a question was asked last.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// One explained step.
#[expect(clippy::struct_field_names, reason = "a step is known by its index in the episode, as in all files")]
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which.
    pub step: u64,
    /// Hash of all that the answer was computed from and the question does not name.
    pub inputs: u64,
    /// The numbers.
    pub values: Vec<f32>,
    /// The target's value.
    pub at_input: f32,
    /// Its value at the baseline; NaN for methods without one.
    pub at_baseline: f32,
    /// NaN for methods that promise no sum.
    pub completeness_error: f32,
}

/// How much is kept of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptSize {
    /// Questions, each about steps of one episode.
    pub questions: u64,
    /// Bytes of their answers.
    pub bytes: u64,
}

/// The attributions of a run that are kept.
#[derive(Debug)]
pub struct Kept {
    /// Of the run's derived data; `None` where there is no place for any.
    derived: Option<PathBuf>,
    bytes_max: AtomicU64,
    /// Bytes written since the total was counted; `u64::MAX` when it never was.
    grown: AtomicU64,
}

impl Kept {
    /// In the folder for derived data of a run, which need not be there.
    pub fn new(derived: Option<PathBuf>) -> Self {
        Self { derived, bytes_max: AtomicU64::new(KEPT_BYTES_MAX), grown: AtomicU64::new(u64::MAX) }
    }

    /// Keeps about so many bytes at most from now on; with 0 nothing is kept, nor read.
    pub fn limit(&self, bytes: u64) {
        self.bytes_max.store(bytes, Ordering::Relaxed);
        self.grown.store(u64::MAX, Ordering::Relaxed);
    }

    /// Why nothing can be kept; makes the folder when it is not there yet.
    pub fn check(&self) -> io::Result<()> {
        let folder = self.folder()?;
        open_to_add(folder.join(LOCK_FILE)).map(drop)
    }

    /// Where attributions lie, for messages.
    pub fn place(&self) -> Option<PathBuf> {
        self.derived.as_ref().map(|derived| derived.join(FOLDER))
    }

    /// How much is kept, whatever is asked for.
    pub fn size(&self) -> KeptSize {
        let all = self.sound_place().map(|root| questions(&root)).unwrap_or_default();
        KeptSize { questions: all.len() as u64, bytes: all.iter().map(|(_, _, bytes)| bytes).sum() }
    }

    /// Removes all that is kept; what somebody adds to just now stays. Gives what is left.
    pub fn clear(&self) -> KeptSize {
        for (_, folder, _) in self.sound_place().map(|root| questions(&root)).unwrap_or_default() {
            remove_question(&folder);
        }
        self.grown.store(u64::MAX, Ordering::Relaxed);
        self.size()
    }

    /// The folder of all questions, when it and the one above are folders and no links.
    fn sound_place(&self) -> Option<PathBuf> {
        let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        self.place().filter(|root| root.parent().is_some_and(is_folder) && is_folder(root))
    }

    /// Answers to a question at some steps, each with the hash of its inputs; those that are not there, or not sound, are left out.
    pub fn read(&self, question: &Question, steps: &[(u64, u64)]) -> Option<(Frame, Vec<Step>)> {
        if self.is_off() {
            return None;
        }
        let folder = sound_folder(&self.place()?, &question.key())?;
        let frame = read_question(&folder, question)?;
        let width = frame.width().filter(|width| *width <= WIDTH_MAX)?;
        let known = read_log(&folder)?;
        let mut values = open_file(&folder.join(VALUES_FILE))?;
        let step = |&(step, inputs): &(u64, u64)| {
            let record = known.get(&step).filter(|record| record.inputs == inputs)?;
            Some(Step {
                step,
                inputs,
                values: read_values(&mut values, record, width)?,
                at_input: record.at_input,
                at_baseline: record.at_baseline,
                completeness_error: record.completeness_error,
            })
        };
        let found: Vec<Step> = steps.iter().filter_map(step).collect();
        touch(&folder);
        Some((frame, found))
    }

    /// Keeps answers to a question. Of several processes that keep the same, the last wins.
    ///
    /// **Errors**: nothing can be written there, which stops nobody from answering.
    pub fn add(&self, question: &Question, frame: &Frame, steps: &[Step]) -> io::Result<()> {
        if self.is_off() {
            return Ok(());
        }
        let root = self.folder()?;
        let folder = root.join(question.key());
        make_folder(&folder)?;
        let lock = open_to_add(folder.join(LOCK_FILE))?;
        lock.lock()?;
        if read_question(&folder, question).as_ref() != Some(frame) {
            // Nothing that lies there can be of use.
            for name in [LOG_FILE, VALUES_FILE, QUESTION_FILE] {
                remove_file(&folder.join(name))?;
            }
            write_question(&folder, question, frame)?;
        }
        let mut values = open_to_add(folder.join(VALUES_FILE))?;
        let mut offset = values.seek(SeekFrom::End(0))?;
        let (mut packed, mut records) = (Vec::new(), Vec::new());
        for step in steps {
            let bytes = pack(&step.values);
            let record = Record {
                step: step.step,
                inputs: step.inputs,
                offset,
                bytes: u32::try_from(bytes.len()).map_err(io::Error::other)?,
                hash: xxh3_64(&bytes),
                at_input: step.at_input,
                at_baseline: step.at_baseline,
                completeness_error: step.completeness_error,
            };
            offset += bytes.len() as u64;
            packed.extend(bytes);
            records.extend(record.to_bytes());
        }
        // The numbers first: a record vouches for what is there.
        values.write_all(&packed)?;
        let mut log = open_to_add(folder.join(LOG_FILE))?;
        let torn = log.seek(SeekFrom::End(0))? % RECORD_BYTES as u64;
        if torn > 0 {
            // What a killed process left of a record would shift all that follow.
            records.splice(0..0, std::iter::repeat_n(0, RECORD_BYTES - torn as usize));
        }
        log.write_all(&records)?;
        drop(lock);
        self.account((packed.len() + records.len()) as u64, &root, &folder);
        Ok(())
    }

    fn is_off(&self) -> bool {
        self.bytes_max.load(Ordering::Relaxed) == 0
    }

    /// The folder that holds a folder a question, made when it is not there.
    fn folder(&self) -> io::Result<PathBuf> {
        let derived = self.derived.as_ref().ok_or_else(|| {
            io::Error::new(ErrorKind::ReadOnlyFilesystem, "this run does not lie in a folder of this machine")
        })?;
        make_folder(derived)?;
        let folder = derived.join(FOLDER);
        make_folder(&folder)?;
        Ok(folder)
    }

    /// Counts what was written, and makes room once it may be too much. `latest` stays.
    fn account(&self, bytes: u64, root: &Path, latest: &Path) {
        let bytes_max = self.bytes_max.load(Ordering::Relaxed);
        let before = self.grown.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |grown| grown.checked_add(bytes));
        // Between two counts no more than a sixteenth of all is written.
        if before.is_ok_and(|before| before + bytes < bytes_max / 16) {
            return;
        }
        let total = make_room(root, latest, bytes_max);
        // What is nearly full is counted again soon.
        let near = total.saturating_add(bytes_max / 16).saturating_sub(bytes_max);
        self.grown.store(near.min(bytes_max / 16), Ordering::Relaxed);
    }
}

/// Removes the questions asked longest ago until no more than `bytes_max` are left; gives what is left.
fn make_room(root: &Path, latest: &Path, bytes_max: u64) -> u64 {
    let mut questions = questions(root);
    questions.sort();
    let mut total: u64 = questions.iter().map(|(_, _, bytes)| bytes).sum();
    for (_, folder, bytes) in questions {
        if total <= bytes_max {
            break;
        }
        if folder != latest && remove_question(&folder) {
            total -= bytes;
        }
    }
    total
}

/// Folders of questions: when each was asked last, where it lies, and its bytes.
fn questions(root: &Path) -> Vec<(SystemTime, PathBuf, u64)> {
    let mut questions = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let size = |name: &str| fs::symlink_metadata(entry.path().join(name)).map_or(0, |found| found.len());
        let bytes = [QUESTION_FILE, LOG_FILE, VALUES_FILE].into_iter().map(size).sum();
        let used = fs::symlink_metadata(entry.path().join(QUESTION_FILE)).and_then(|found| found.modified());
        questions.push((used.unwrap_or(SystemTime::UNIX_EPOCH), entry.path(), bytes));
    }
    questions
}

/// Whether a question is gone. Whoever adds to it just now is not disturbed.
fn remove_question(folder: &Path) -> bool {
    let lock = open_to_add(folder.join(LOCK_FILE));
    lock.is_ok_and(|lock| lock.try_lock().is_ok() && fs::remove_dir_all(folder).is_ok())
}

/// The folder of a question, when it and the one above are folders and no links.
fn sound_folder(root: &Path, key: &str) -> Option<PathBuf> {
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let folder = root.join(key);
    (root.parent().is_some_and(is_folder) && is_folder(root) && is_folder(&folder)).then_some(folder)
}

fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => return other,
    }
    // The folder may be anybody's: a link could lead out of it.
    let is_folder = fs::symlink_metadata(path)?.is_dir();
    if is_folder { Ok(()) } else { Err(io::Error::other(format!("expected a folder: {}", path.display()))) }
}

/// A file that is appended to, made when it is not there; a link is not followed.
fn open_to_add(path: PathBuf) -> io::Result<File> {
    match fs::symlink_metadata(&path) {
        Ok(found) if !found.is_file() => Err(io::Error::other(format!("expected a file: {}", path.display()))),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().create(true).append(true).open(path),
    }
}

fn open_file(path: &Path) -> Option<File> {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file()).then(|| File::open(path).ok())?
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn read_bounded(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

/// What the answers in a folder have in common, if they are answers to this question.
fn read_question(folder: &Path, question: &Question) -> Option<Frame> {
    let text = read_bounded(&folder.join(QUESTION_FILE), QUESTION_BYTES_MAX)?;
    let found: Value = serde_json::from_slice(&text).ok()?;
    (found.get("question") == Some(question.described())).then(|| Frame::from_json(found.get("answer")?))?
}

fn write_question(folder: &Path, question: &Question, frame: &Frame) -> io::Result<()> {
    let described = json!({"question": question.described(), "answer": frame.to_json()});
    let temporary = folder.join(format!("{QUESTION_FILE}.{}.tmp", std::process::id()));
    fs::write(&temporary, serde_json::to_vec_pretty(&described)?)?;
    fs::rename(&temporary, folder.join(QUESTION_FILE))
}

/// The newest sound record of each step.
fn read_log(folder: &Path) -> Option<BTreeMap<u64, Record>> {
    let bytes = read_bounded(&folder.join(LOG_FILE), LOG_BYTES_MAX)?;
    let records = bytes.as_chunks::<RECORD_BYTES>().0.iter().filter_map(Record::from_bytes);
    Some(records.map(|record| (record.step, record)).collect())
}

fn read_values(file: &mut File, record: &Record, width: usize) -> Option<Vec<f32>> {
    // What is no smaller packed lies there as it is.
    if record.bytes as usize > width * 4 {
        return None;
    }
    let mut bytes = vec![0; record.bytes as usize];
    file.seek(SeekFrom::Start(record.offset)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    (xxh3_64(&bytes) == record.hash).then(|| unpack(&bytes, width))?
}

/// Remembers that a question was asked just now.
fn touch(folder: &Path) {
    let path = folder.join(QUESTION_FILE);
    let now = SystemTime::now();
    let used = fs::symlink_metadata(&path).and_then(|found| found.modified());
    if used.is_ok_and(|used| now.duration_since(used).is_ok_and(|since| since > TOUCH_EVERY))
        && let Ok(file) = open_to_add(path)
    {
        // Where that cannot be written down it merely goes earlier.
        let _ = file.set_modified(now);
    }
}

#[cfg(test)]
mod tests;
