//! Sealed frames: groups of 64 in an Arrow IPC file, with an index that says where the bytes of each group lie.
//!
//! The index is in the footer's metadata under `ethogram.index`, so that a group is one read; other readers pass over it.

use std::ops::Range;
use std::sync::Arc;

use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::ArrowError;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::table::{SealedBytes, corrupt, guarded, read_footer};
use super::{FileEntry, regroup};
use crate::columns::{FrameRow, frames_batch, frames_schema};
use crate::files::Files;
use crate::{Error, FrameGroup, Result};

const INDEX_KEY: &str = "ethogram.index";
/// What ends the file behind the footer: its length and `ARROW1`.
const TAIL_BYTES: usize = 10;
/// A batch is full once its groups reach this many bytes.
const BATCH_BYTES: usize = 8 << 20;
/// Most bytes of groups that are read in one go.
const READ_BYTES_MAX: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Index {
    /// Sorted.
    fields: Vec<String>,
    groups: Vec<Place>,
}

/// Episode, number of the field, first step, rows, offset in the file, bytes, xxh3-64 in hex.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place(u64, u32, u64, u32, u64, u64, String);

/// Groups, oldest first, as an Arrow IPC file: regrouped, of rows of one step only the newest.
///
/// # Errors
/// [`Error::Corrupt`] when a group cannot be decoded.
pub(super) fn write(groups: Vec<FrameRow>) -> Result<SealedBytes> {
    let groups = regroup::regroup(groups)?;
    let rows = groups.len() as u64;
    let failed = |error: ArrowError| super::order::arrow_failed(&error);
    // The groups are compressed already, and their bytes must lie in the file as they are.
    let options = IpcWriteOptions::default();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &frames_schema(), options).map_err(failed)?;
    let mut fields: Vec<String> = groups.iter().map(|row| row.field.to_string()).collect();
    fields.sort_unstable();
    fields.dedup();
    let mut index = Index { fields, groups: Vec::with_capacity(groups.len()) };
    for batch in batches(&groups) {
        let start = writer.get_ref().len();
        writer.write(&frames_batch(batch)?).map_err(failed)?;
        let mut offset = (start + values_offset(&writer.get_ref()[start..])?) as u64;
        for row in batch {
            let field = index.fields.partition_point(|name| **name < *row.field);
            let (bytes, hash) = (row.group.len() as u64, format!("{:016x}", xxh3_64(&row.group)));
            index.groups.push(Place(row.episode, field as u32, row.first, row.count, offset, bytes, hash));
            offset += bytes;
        }
    }
    writer.write_metadata(INDEX_KEY, super::scalars::index_json(&index));
    let bytes = Bytes::from(writer.into_inner().map_err(failed)?);
    let tail = bytes.slice(bytes.len() - TAIL_BYTES..);
    let footer = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    Ok(SealedBytes { footer_bytes: u64::from(footer) + TAIL_BYTES as u64, rows, bytes })
}

fn batches(groups: &[FrameRow]) -> Vec<&[FrameRow]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (i, row) in groups.iter().enumerate() {
        bytes += row.group.len();
        if bytes >= BATCH_BYTES || i + 1 == groups.len() {
            batches.push(&groups[start..=i]);
            (start, bytes) = (i + 1, 0);
        }
    }
    batches
}

/// Where the bytes of the last column start in a message that was just written.
fn values_offset(message: &[u8]) -> Result<usize> {
    let unexpected = || {
        let source = std::io::Error::other("Arrow wrote a message that it cannot read");
        Error::Io { action: "encode", path: "frames".into(), source }
    };
    let length = message.get(4..8).map(|length| u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    let body = 8 + length.ok_or_else(unexpected)? as usize;
    let metadata = message.get(8..body).ok_or_else(unexpected)?;
    let message = arrow_ipc::root_as_message(metadata).map_err(|_| unexpected())?;
    let buffers = message.header_as_record_batch().and_then(|batch| batch.buffers()).ok_or_else(unexpected)?;
    let values = buffers.iter().next_back().ok_or_else(unexpected)?;
    Ok(body + values.offset() as usize)
}

/// An open file of sealed frames.
#[derive(Debug)]
pub struct SealedFrames {
    files: Arc<dyn Files>,
    path: String,
    fields: Vec<Arc<str>>,
    groups: Vec<GroupPlace>,
}

/// A frame group of a sealed file, not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPlace {
    /// Which episode.
    pub episode: u64,
    /// Place of the field in [`SealedFrames::fields`].
    pub field: u32,
    /// Step of the first row.
    pub first: u64,
    /// Rows, of consecutive steps.
    pub count: u32,
    offset: u64,
    bytes: u64,
    hash: u64,
}

impl GroupPlace {
    /// Step behind the last row.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }
}

impl SealedFrames {
    /// Reads the footer; `path` is relative to the run.
    pub fn open(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<Self> {
        let footer = read_footer(&*files, &path, entry)?;
        let bad = |found: String| corrupt(&*files, &path, "footer", "an Arrow footer of Ethogram", found);
        let Some(footer) = footer.get(..footer.len().saturating_sub(TAIL_BYTES)) else {
            return Err(bad("too few bytes".into()));
        };
        let json = guarded(|| {
            let footer = arrow_ipc::root_as_footer(footer)
                .map_err(|error| parquet::errors::ParquetError::General(error.to_string()))?;
            let mut pairs = footer.custom_metadata().into_iter().flat_map(|pairs| pairs.iter());
            Ok(pairs.find(|pair| pair.key() == Some(INDEX_KEY)).and_then(|pair| pair.value().map(str::to_owned)))
        });
        let json = json.map_err(bad)?.ok_or_else(|| bad("no index".into()))?;
        let index: Index = serde_json::from_str(&json).map_err(|error| bad(error.to_string()))?;
        let place = |place: &Place| {
            let &Place(episode, field, first, count, offset, bytes, ref hash) = place;
            let sound = (field as usize) < index.fields.len()
                && offset.checked_add(bytes).is_some_and(|end| end <= entry.bytes)
                && first <= crate::columns::STEP_MAX;
            let hash = u64::from_str_radix(hash, 16).ok().filter(|_| sound)?;
            Some(GroupPlace { episode, field, first, count, offset, bytes, hash })
        };
        let groups: Option<Vec<GroupPlace>> = index.groups.iter().map(place).collect();
        let groups = groups.ok_or_else(|| bad("a group outside the file".into()))?;
        let in_order = |pair: &[GroupPlace]| {
            let (a, b) = (&pair[0], &pair[1]);
            (a.episode, a.field, a.end()) <= (b.episode, b.field, b.first)
        };
        if !groups.windows(2).all(in_order) {
            return Err(bad("groups out of order".into()));
        }
        let fields = index.fields.into_iter().map(Arc::from).collect();
        Ok(Self { files, path, fields, groups })
    }

    /// Names of the image fields in it.
    pub fn fields(&self) -> &[Arc<str>] {
        &self.fields
    }

    /// All groups, by episode, field and first step.
    pub fn groups(&self) -> &[GroupPlace] {
        &self.groups
    }

    /// Groups of one field that hold rows of an episode with a step in `range`, ascending; they do not overlap.
    pub fn find(&self, episode: u64, field: &str, range: &Range<u64>) -> &[GroupPlace] {
        let Some(field) = self.fields.iter().position(|name| **name == *field) else { return &[] };
        let field = field as u32;
        let from = self.groups.partition_point(|g| (g.episode, g.field, g.end()) <= (episode, field, range.start));
        let to = self.groups.partition_point(|g| (g.episode, g.field, g.first) < (episode, field, range.end));
        &self.groups[from..to.max(from)]
    }

    /// Groups of one field that hold rows of an episode with a step in `range`, ascending.
    pub fn read(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>> {
        let mut groups = Vec::new();
        let mut places = self.find(episode, field, &range);
        while let Some(first) = places.first() {
            // Groups of an episode lie side by side: many are one read.
            let mut together = 1;
            while places.get(together).is_some_and(|next| {
                next.offset == places[together - 1].offset + places[together - 1].bytes
                    && next.offset + next.bytes - first.offset <= READ_BYTES_MAX
            }) {
                together += 1;
            }
            let last = &places[together - 1];
            let span = self.files.read_range(&self.path, first.offset..last.offset + last.bytes)?;
            for place in &places[..together] {
                let start = (place.offset - first.offset) as usize;
                let bytes = span.slice(start..start + place.bytes as usize);
                self.check(place, &bytes)?;
                groups.push(FrameGroup { first: place.first, count: place.count, bytes });
            }
            places = &places[together..];
        }
        Ok(groups)
    }

    /// The bytes of one group.
    pub fn read_group(&self, place: &GroupPlace) -> Result<FrameGroup> {
        let bytes = self.files.read_range(&self.path, place.offset..place.offset + place.bytes)?;
        self.check(place, &bytes)?;
        Ok(FrameGroup { first: place.first, count: place.count, bytes })
    }

    fn check(&self, place: &GroupPlace, bytes: &[u8]) -> Result<()> {
        if xxh3_64(bytes) == place.hash {
            return Ok(());
        }
        let found = format!("others in the group at step {} of episode {}", place.first, place.episode);
        Err(corrupt(&*self.files, &self.path, "checksum", "the bytes that were written", found))
    }
}
