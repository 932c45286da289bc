//! Whatever bytes come as a file of a run, with checksums that agree, so that what lies behind them is reached: an error with a name, a loss
//! that is told, or what they say. Also the target of `fuzz/`.

use std::path::{Path, PathBuf};

use ethogram_store::{Kind, Result, RunReader, RunSource, RunState, Sealed, check};
use xxhash_rust::xxh3::xxh3_64;

use crate::fuzzed::Outcome;
use crate::support::{copy_folder, small_run};

/// Which file of a run the bytes are. The first byte says of which kind of rows, but for a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Messages of a live segment, each after its length as two bytes.
    Segment,
    /// The commit log of a live segment.
    Log,
    /// A sealed file, in Parquet or, of frames, in Arrow.
    Sealed,
    /// The list of a manifest.
    Manifest,
}

impl Part {
    /// By the first byte of what [`Ground::read_any`] reads.
    pub const ALL: [Self; 4] = [Self::Segment, Self::Log, Self::Sealed, Self::Manifest];
}

/// Bytes of a record of a commit log, and where what is set right stands in it.
const RECORD: usize = 64;

/// A run that is written and one that is sealed, to put files into.
pub struct Ground {
    live: PathBuf,
    sealed: PathBuf,
    _folder: tempfile::TempDir,
}

impl Ground {
    /// Writes both runs.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = small_run(&folder.path().join("root"));
        let live = folder.path().join("live");
        copy_folder(writer.path(), &live);
        let sealed = writer.path().to_owned();
        writer.close(RunState::Finished).expect("closed");
        Self { live, sealed, _folder: folder }
    }

    /// The files as they are.
    pub fn originals(&self, part: Part) -> Vec<Vec<u8>> {
        let kinds = Kind::ALL.iter().enumerate();
        match part {
            Part::Segment => kinds.map(|(index, &kind)| self.messages(index, kind)).collect(),
            Part::Log => {
                kinds.map(|(index, &kind)| [&[index as u8], &*read(&self.live_file(kind, "log"))].concat()).collect()
            }
            Part::Sealed => {
                let files = self.manifest().1.into_iter();
                files
                    .map(|sealed| {
                        let kind = Kind::ALL.iter().position(|kind| *kind == sealed.kind).expect("a kind") as u8;
                        [&[kind], &*read(&self.sealed_file(&sealed))].concat()
                    })
                    .collect()
            }
            Part::Manifest => vec![serde_json::to_vec(&self.manifest().1).expect("JSON")],
        }
    }

    /// Reads everything of a run in which these bytes are such a file.
    pub fn read(&self, part: Part, bytes: &[u8]) -> Outcome {
        if part == Part::Manifest {
            let (path, _) = self.manifest();
            return with(&[(path, manifest_of(bytes))], &self.sealed);
        }
        let Some((&kind, bytes)) = bytes.split_first() else { return Outcome::Refused };
        let kind = Kind::ALL[usize::from(kind) % Kind::ALL.len()];
        match part {
            Part::Segment => {
                let log = self.live_file(kind, "log");
                let (segment, records) = vouched(bytes, &read(&log));
                with(&[(self.live_file(kind, "arrows"), segment), (log, records)], &self.live)
            }
            Part::Log => {
                let mut log = bytes.to_vec();
                log.chunks_exact_mut(RECORD).for_each(set_checksum);
                with(&[(self.live_file(kind, "log"), log)], &self.live)
            }
            Part::Sealed | Part::Manifest => {
                let (path, mut sealed) = self.manifest();
                let Some(entry) = sealed.iter_mut().find(|sealed| sealed.kind == kind) else { return Outcome::Refused };
                let footer = &bytes[bytes.len() - footer_bytes(bytes)..];
                entry.file.bytes = bytes.len() as u64;
                entry.file.xxh3 = hex(bytes);
                entry.file.footer_bytes = footer.len() as u64;
                entry.file.footer_xxh3 = hex(footer);
                let file = self.sealed_file(entry);
                let manifest = manifest_of(&serde_json::to_vec(&sealed).expect("JSON"));
                with(&[(file, bytes.to_vec()), (path, manifest)], &self.sealed)
            }
        }
    }

    /// The same for a file of which the first byte says which it is.
    pub fn read_any(&self, bytes: &[u8]) -> Outcome {
        let Some((&first, rest)) = bytes.split_first() else { return Outcome::Refused };
        self.read(Part::ALL[usize::from(first) % Part::ALL.len()], rest)
    }

    /// The messages of a live segment, each after its length.
    fn messages(&self, index: usize, kind: Kind) -> Vec<u8> {
        let segment = read(&self.live_file(kind, "arrows"));
        let mut bytes = vec![index as u8];
        for record in read(&self.live_file(kind, "log")).chunks_exact(RECORD) {
            let [offset, length] = [0, 8].map(|at| number(&record[at..at + 8]) as usize);
            bytes.extend(u16::try_from(length).expect("a small message").to_le_bytes());
            bytes.extend(&segment[offset..offset + length]);
        }
        bytes
    }

    fn live_file(&self, kind: Kind, ending: &str) -> PathBuf {
        writer_of(&self.live).join(kind.folder()).join(format!("000000.{ending}"))
    }

    fn sealed_file(&self, sealed: &Sealed) -> PathBuf {
        writer_of(&self.sealed).join(sealed.kind.folder()).join(&sealed.file.file)
    }

    /// The newest manifest of the sealed run: where it lies, and what it lists.
    fn manifest(&self) -> (PathBuf, Vec<Sealed>) {
        let entries = std::fs::read_dir(writer_of(&self.sealed)).expect("listed").flatten().map(|entry| entry.path());
        let is_manifest =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("MANIFEST-"));
        let path = entries.filter(is_manifest).max().expect("a manifest");
        let manifest: serde_json::Value = serde_json::from_slice(&read(&path)).expect("JSON");
        (path, serde_json::from_value(manifest["sealed"].clone()).expect("a list"))
    }
}

/// A manifest with this list and the hash of it; the bytes as they are, where they are no list.
fn manifest_of(list: &[u8]) -> Vec<u8> {
    let Ok(sealed) = serde_json::from_slice::<Vec<Sealed>>(list) else { return list.to_vec() };
    let hash = hex(&serde_json::to_vec(&sealed).expect("JSON"));
    serde_json::json!({ "format_version": 1, "sealed": sealed, "xxh3": hash }).to_string().into_bytes()
}

/// A segment of these messages, and a log that vouches for each and says of it what the original log says.
fn vouched(mut messages: &[u8], original: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut segment, mut log) = (Vec::new(), Vec::new());
    while messages.len() > 2 && log.len() < 100 * RECORD {
        let (length, rest) = messages.split_at(2);
        let (message, rest) = rest.split_at((number(length) as usize).min(rest.len()));
        let sequence = log.len() / RECORD;
        let last = original.len() / RECORD - 1;
        let mut record = original[sequence.min(last) * RECORD..][..RECORD].to_vec();
        record[0..8].copy_from_slice(&(segment.len() as u64).to_le_bytes());
        record[8..16].copy_from_slice(&(message.len() as u64).to_le_bytes());
        record[40..48].copy_from_slice(&xxh3_64(message).to_le_bytes());
        record[56..60].copy_from_slice(&(sequence as u32).to_le_bytes());
        set_checksum(&mut record);
        segment.extend(message);
        log.extend(record);
        messages = rest;
    }
    (segment, log)
}

fn set_checksum(record: &mut [u8]) {
    let crc = crc32fast::hash(&record[..60]);
    record[60..64].copy_from_slice(&crc.to_le_bytes());
}

/// As the end of a Parquet file or an Arrow file says, within the file.
fn footer_bytes(file: &[u8]) -> usize {
    let tail = if file.ends_with(b"ARROW1") { 10 } else { 8 };
    let told = file.len().checked_sub(tail).map_or(0, |at| number(&file[at..at + 4]) as usize);
    (told + tail).min(file.len())
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn hex(bytes: &[u8]) -> String {
    format!("{:016x}", xxh3_64(bytes))
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn writer_of(run: &Path) -> PathBuf {
    let entries = std::fs::read_dir(run).expect("listed").flatten().map(|entry| entry.path());
    let is_writer = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("w-"));
    entries.filter(is_writer).max().expect("a writer")
}

/// Reads the run while it has these files, and puts the old ones back.
fn with(files: &[(PathBuf, Vec<u8>)], run: &Path) -> Outcome {
    let before: Vec<Vec<u8>> = files.iter().map(|(path, _)| read(path)).collect();
    for (path, bytes) in files {
        std::fs::write(path, bytes).expect("written");
    }
    let outcome = std::panic::catch_unwind(|| read_all(run));
    for ((path, _), bytes) in files.iter().zip(&before) {
        std::fs::write(path, bytes).expect("put back");
    }
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Asks for everything that the run says it has, and for a little that it does not have.
fn read_all(run: &Path) -> Outcome {
    let reader = match RunReader::open(run) {
        Ok(reader) => reader,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Outcome::Refused;
        }
    };
    let mut sound = true;
    for tag in reader.scalar_tags() {
        sound &= told(reader.scalars(tag.axis, &tag.tag, i64::MIN..i64::MAX));
        sound &= told(reader.scalar_buckets(tag.axis, &tag.tag, i64::MIN..i64::MAX, 3));
        sound &= told(reader.scalar_buckets(tag.axis, &tag.tag, tag.first_step..tag.last_step, 3));
    }
    sound &= told(reader.counts()) & told(reader.episodes(0..u64::MAX));
    for episode in [0, 1, reader.episode_count().saturating_sub(1), u64::MAX] {
        told(reader.step_count(episode));
        for field in reader.step_fields(episode).unwrap_or_default() {
            sound &= told(reader.steps(episode, &field.name, 0..u64::MAX));
            if field.image {
                sound &= told(reader.frame_groups(episode, &field.name, 0..u64::MAX));
            }
        }
    }
    for tag in reader.tensor_tags() {
        sound &= told(reader.tensors_size(tag.axis, &tag.tag, i64::MIN..i64::MAX));
        sound &= told(reader.tensors(tag.axis, &tag.tag, i64::MIN..i64::MAX));
    }
    for checkpoint in reader.checkpoints() {
        sound &= told(reader.blob(&checkpoint.hash));
    }
    told(reader.refresh());
    let checked = check(run, false);
    sound &= checked.as_ref().is_ok_and(|report| report.lost.is_empty());
    told(checked);
    if sound && reader.lost().is_empty() { Outcome::Read } else { Outcome::Refused }
}

/// Whether there is an answer; an error has words.
fn told<T>(answer: Result<T>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}
