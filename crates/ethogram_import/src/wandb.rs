//! Files of W&B, `offline-run-…/run-ID.wandb`: a log of LevelDB whose records are Protocol Buffers. Read as far as numbers,
//! configuration and names go.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use ethogram_store::{Axis, Error, Result};
use serde_json::Value;

use crate::config;
use crate::part::{Folder, Part};
use crate::tables::Tables;
use crate::tfevents::protobuf::{Fields, NotAMessage, Value as Field};

/// `:W&B`, a number, and version 0.
const HEAD: [u8; 7] = [b':', b'W', b'&', b'B', 0xe1, 0xbe, 0];
const BLOCK: u64 = 32 << 10;
/// Checksum, length and kind of a piece.
const PIECE_HEAD: u64 = 7;
/// Longest record that is read.
const RECORD_BYTES_MAX: usize = 64 << 20;
/// Columns that say at which environment step a row is; W&B's own `_step` counts calls of `log`.
const STEP_COLUMNS: [&str; 4] = ["global_step", "total_timesteps", "env_steps", "env_step"];
/// How deep dictionaries in values may be nested.
const DEPTH_MAX: usize = 16;

/// Whether a file of this name is one.
pub fn is_wandb_file(name: &str) -> bool {
    name.starts_with("run-") && Path::new(name).extension().is_some_and(|end| end == "wandb")
}

/// The log of one run.
#[derive(Default)]
pub struct Wandb {
    name: String,
    position: u64,
    /// It is none of W&B's: nothing of it is read.
    is_other: bool,
    /// The beginning of a record whose rest comes in the next block.
    begun: Option<Vec<u8>>,
    tables: Tables,
}

impl Part for Wandb {
    fn format(&self) -> &'static str {
        "wandb"
    }

    fn catch_up(&mut self, folder: &Folder, _: u64) -> Result<()> {
        let Some(file) = folder.files.iter().find(|file| is_wandb_file(&file.name)) else {
            *self = Self::default();
            return Ok(());
        };
        if file.name != self.name || file.length < self.position {
            *self = Self { name: file.name.clone(), ..Self::default() };
        }
        let read = self.read(&folder.locate(file));
        self.tables.settle();
        read
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }
}

impl Wandb {
    fn read(&mut self, path: &Path) -> Result<()> {
        let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut block = Vec::new();
        while self.position < length && !self.is_other {
            let begin = self.position / BLOCK * BLOCK;
            block.resize((length - begin).min(BLOCK) as usize, 0);
            file.read_exact_at(&mut block, begin).map_err(failed)?;
            let whole = block.len() as u64 == BLOCK;
            let before = self.position;
            self.block(&block, begin);
            if whole {
                self.position = begin + BLOCK;
            } else if self.position == before {
                return Ok(()); // The rest of a piece is on its way.
            }
        }
        Ok(())
    }

    /// Reads the pieces of a block from the position on.
    fn block(&mut self, block: &[u8], begin: u64) {
        let mut at = (self.position - begin) as usize;
        if self.position == 0 {
            if block.len() < HEAD.len() {
                return;
            }
            if block[..HEAD.len()] != HEAD {
                self.tables.lost.note(&self.name, "the file", "it does not begin as a file of W&B does");
                self.is_other = true;
                return;
            }
            at = HEAD.len();
        }
        while at + PIECE_HEAD as usize <= block.len() {
            let head = &block[at..at + PIECE_HEAD as usize];
            let checksum = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            let (length, kind) = (usize::from(u16::from_le_bytes([head[4], head[5]])), head[6]);
            let from = at + PIECE_HEAD as usize;
            let Some(bytes) = block.get(from..from + length) else {
                if block.len() as u64 == BLOCK {
                    self.lost(begin + at as u64, "a piece reaches beyond its block");
                }
                break;
            };
            if kind == 0 && length == 0 && checksum == 0 {
                break; // Filled up, or not written yet.
            }
            let mut sum = crc32fast::Hasher::new();
            sum.update(&[kind]);
            sum.update(bytes);
            if sum.finalize() == checksum {
                self.piece(kind, bytes, begin + at as u64);
            } else {
                self.lost(begin + at as u64, "checksum of a piece differs");
                self.begun = None;
            }
            at = from + length;
            self.position = begin + at as u64;
        }
        // What is left of a block is too short for a piece.
    }

    fn piece(&mut self, kind: u8, bytes: &[u8], at: u64) {
        if matches!(kind, 1 | 2) {
            self.begun = Some(Vec::new());
        }
        // The end of a record whose beginning was damaged is none.
        let Some(begun) = &mut self.begun else { return };
        if begun.len() + bytes.len() > RECORD_BYTES_MAX {
            self.begun = None;
            return self.lost(at, "the record is over the limit of 64 MiB");
        }
        begun.extend_from_slice(bytes);
        if matches!(kind, 1 | 4) {
            let record = self.begun.take().unwrap_or_default();
            if self.record(&record).is_err() {
                self.lost(at, "the record is no message");
            }
        }
    }

    fn lost(&mut self, at: u64, why: &str) {
        self.tables.lost.note(&self.name, format!("the record at byte {at}"), why);
    }

    fn record(&mut self, bytes: &[u8]) -> Result<(), NotAMessage> {
        for field in Fields::of(bytes) {
            match field? {
                (2, Field::Bytes(history)) => self.history(history)?,
                (5, Field::Bytes(config)) => self.config(config)?,
                (17, Field::Bytes(run)) => self.run(run)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A call of `log`.
    fn history(&mut self, bytes: &[u8]) -> Result<(), NotAMessage> {
        let (mut step, mut values) = (None, Vec::new());
        for field in Fields::of(bytes) {
            match field? {
                (1, Field::Bytes(item)) => {
                    let (name, value) = item_of(item)?;
                    flatten(name, value, 0, &mut |name, value| values.push((name, value)));
                }
                (2, Field::Bytes(number)) => {
                    for field in Fields::of(number) {
                        if let (1, Field::Varint(number)) = field? {
                            step = Some(number as i64);
                        }
                    }
                }
                _ => {}
            }
        }
        media_as_one(&mut values);
        let number =
            |name: &str| values.iter().find(|(known, _)| known == name).and_then(|(_, value)| number_of(value));
        let column = STEP_COLUMNS.iter().find(|name| number(name).is_some());
        let step = column.and_then(|name| number(name)).or_else(|| number("_step")).map(|step| step as i64).or(step);
        let Some(step) = step else { return Ok(()) };
        let time_us = number("_timestamp").map_or(0, |seconds| (seconds * 1e6) as i64);
        for (name, value) in &values {
            if matches!(name.as_str(), "_step" | "_timestamp" | "_runtime")
                || column.is_some_and(|column| column == name)
            {
                continue;
            }
            let Some(value) = number_of(value) else {
                self.tables.lost.note(
                    &self.name,
                    format!("values of {name:?}"),
                    "only numbers are read of W&B's files; `ethogram convert` takes its media too",
                );
                continue;
            };
            if let Some(tag) = self.tables.scalars.number(Axis::GlobalStep, name) {
                self.tables.scalars.push(tag, step, time_us, value);
            }
        }
        Ok(())
    }

    fn config(&mut self, bytes: &[u8]) -> Result<(), NotAMessage> {
        for field in Fields::of(bytes) {
            let (1, Field::Bytes(item)) = field? else { continue };
            let (name, value) = item_of(item)?;
            if name != "_wandb" {
                self.tables.config.insert(name, value);
            }
        }
        let id = config::env_id(&self.tables.config);
        self.tables.about.env_id = id.or_else(|| self.tables.about.env_id.take());
        Ok(())
    }

    fn run(&mut self, bytes: &[u8]) -> Result<(), NotAMessage> {
        for field in Fields::of(bytes) {
            let field = field?;
            let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned()).filter(|text| !text.is_empty());
            match field {
                (4, Field::Bytes(config)) => self.config(config)?,
                (3, Field::Bytes(project)) => self.tables.about.project = text(project),
                (6, Field::Bytes(group)) => self.tables.about.group = text(group),
                (8, Field::Bytes(name)) => self.tables.about.name = text(name),
                (9, Field::Bytes(notes)) => self.tables.about.notes = text(notes),
                (10, Field::Bytes(tag)) => self.tables.about.tags.extend(text(tag)),
                (17, Field::Bytes(time)) => {
                    for field in Fields::of(time) {
                        if let (1, Field::Varint(seconds)) = field? {
                            let seconds = i64::try_from(seconds).unwrap_or(0);
                            self.tables.about.created_us = Some(seconds.saturating_mul(1_000_000)).filter(|at| *at > 0);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Name and value of an item; parts of a nested name are joined by `.`.
fn item_of(bytes: &[u8]) -> Result<(String, Value), NotAMessage> {
    let (mut name, mut value) = (Vec::new(), Value::Null);
    for field in Fields::of(bytes) {
        match field? {
            (1 | 2, Field::Bytes(part)) if !part.is_empty() => name.push(String::from_utf8_lossy(part).into_owned()),
            (16, Field::Bytes(json)) => {
                value = serde_json::from_slice(json).unwrap_or_else(|_| {
                    // NaN and infinities are no JSON.
                    Value::String(String::from_utf8_lossy(json).into_owned())
                });
            }
            _ => {}
        }
    }
    Ok((name.join("."), value))
}

fn flatten(name: String, value: Value, depth: usize, each: &mut impl FnMut(String, Value)) {
    match value {
        Value::Object(parts) if !parts.contains_key("_type") && depth < DEPTH_MAX => {
            for (part, value) in parts {
                flatten(format!("{name}.{part}"), value, depth + 1, each);
            }
        }
        value => each(name, value),
    }
}

/// W&B writes what it knows of a picture, film or table as items of their own, of which `NAME._type` says what it is: all of them are one
/// value, which is no number.
fn media_as_one(values: &mut Vec<(String, Value)>) {
    let media: Vec<String> =
        values.iter().filter_map(|(name, _)| name.strip_suffix("._type").map(str::to_owned)).collect();
    for name in media {
        values.retain(|(known, _)| known.strip_prefix(&name).is_none_or(|rest| !rest.starts_with('.')));
        values.push((name, Value::Null));
    }
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}
