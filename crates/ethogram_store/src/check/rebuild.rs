//! Finds the messages of a segment without its log, by the framing that Arrow gives them.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use xxhash_rust::xxh3::xxh3_64;

use crate::columns::{frames_from, scalars_from, steps_keys, tensors_tags};
use crate::layout::Kind;
use crate::live::{read_batch, read_schema};
use crate::log::{Record, RecordKind};

/// Messages start at multiples of this.
const ALIGNMENT: usize = 8;

/// What lies in a segment behind the end of its log.
pub(super) struct Found {
    pub(super) kind: Kind,
    /// The schema message, when the log did not hold it either.
    pub(super) schema: Option<Record>,
    /// Whole batches, and the records that would vouch for them.
    pub(super) batches: Vec<(Record, RecordBatch)>,
    /// What could not be understood.
    pub(super) unreadable: Vec<Range<usize>>,
}

/// Walks the messages of a segment from `start`; `known` are the records that its log still has.
///
/// Damage is stepped over: the walk goes on at the next place where a whole message starts. A message cut off by the end of the
/// segment was never complete, and is not told as lost.
pub(super) fn walk(bytes: &[u8], start: usize, kind: Kind, known: &[Record]) -> Found {
    let mut found = Found { kind, schema: None, batches: Vec::new(), unreadable: Vec::new() };
    let head = known.first().and_then(|record| bytes.get(record.offset as usize..record.end() as usize));
    let mut schema: Option<SchemaRef> = head.and_then(|head| read_schema(head).ok());
    let mut sequence = known.len() as u32;
    let mut at = start;
    let mut unreadable = start;
    // A log may vouch for what lies far behind the end.
    while bytes.get(at..).is_some_and(|rest| rest.len() >= ALIGNMENT) {
        let length = message_length(&bytes[at..]);
        let message = length.and_then(|length| bytes.get(at..at.checked_add(length)?));
        let record = message.and_then(|message| match &schema {
            None => {
                schema = Some(read_schema(message).ok()?);
                let record = record(at, message, RecordKind::Schema, sequence, 0, (0, 0, Record::NO_EPISODE));
                found.schema = Some(record);
                Some(record)
            }
            Some(schema) => {
                let rows = rows_of(message)?;
                let batch = read_batch(message, schema, rows).ok()?;
                let record = record(at, message, RecordKind::Batch, sequence, rows, span(kind, &batch)?);
                found.batches.push((record, batch));
                Some(record)
            }
        });
        match record {
            Some(record) => {
                if unreadable < at {
                    found.unreadable.push(unreadable..at);
                }
                sequence += 1;
                at = record.end() as usize;
                unreadable = at;
            }
            None => at += ALIGNMENT,
        }
    }
    // A torn message at the very end starts like one; anything else there is damage.
    let torn =
        bytes.get(unreadable..).is_none_or(|rest| rest.starts_with(&[0xFF; 4]) || rest.iter().all(|&byte| byte == 0));
    if unreadable < bytes.len() && !torn {
        found.unreadable.push(unreadable..bytes.len());
    }
    found
}

/// The log that vouches for what was known and what was found.
pub(super) fn log_of(known: &[Record], found: &Found) -> Vec<u8> {
    let new = found.schema.iter().chain(found.batches.iter().map(|(record, _)| record));
    known.iter().chain(new).copied().flat_map(Record::to_bytes).collect()
}

fn message_length(bytes: &[u8]) -> Option<usize> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if word(0)? != u32::MAX {
        return None;
    }
    let body_start = 8_usize.checked_add(word(4)? as usize)?;
    let message = arrow_ipc::root_as_message(bytes.get(8..body_start)?).ok()?;
    body_start.checked_add(usize::try_from(message.bodyLength()).ok()?)
}

fn rows_of(message: &[u8]) -> Option<u32> {
    let length = u32::from_le_bytes(message.get(4..8)?.try_into().ok()?) as usize;
    let message = arrow_ipc::root_as_message(message.get(8..8 + length)?).ok()?;
    u32::try_from(message.header_as_record_batch()?.length()).ok()
}

fn record(at: usize, message: &[u8], kind: RecordKind, sequence: u32, rows: u32, span: (i64, i64, u64)) -> Record {
    let (first, last, episode) = span;
    let (offset, length) = (at as u64, message.len() as u64);
    Record { offset, length, first, last, episode, hash: xxh3_64(message), rows, kind, sequence }
}

/// Smallest and largest step of a batch, and the one episode of all its rows.
fn span(kind: Kind, batch: &RecordBatch) -> Option<(i64, i64, u64)> {
    fn extent(steps: impl Iterator<Item = i64>) -> (i64, i64) {
        steps.fold((i64::MAX, i64::MIN), |(first, last), step| (first.min(step), last.max(step)))
    }
    let mut episode = Record::NO_EPISODE;
    let (first, last) = match kind {
        Kind::Scalars => extent(scalars_from(batch).ok()?.map(|point| point.step)),
        Kind::Tensors => extent(tensors_tags(batch).ok()?.into_iter().map(|(.., step)| step)),
        Kind::Steps => {
            let (episodes, steps) = steps_keys(batch).ok()?;
            episode = only(episodes.values().iter().copied());
            extent(steps.values().iter().map(|&step| step as i64))
        }
        Kind::Frames => {
            let groups = frames_from(batch).ok()?;
            episode = only(groups.iter().map(|group| group.episode));
            extent(groups.iter().flat_map(|g| [g.first as i64, (g.first + u64::from(g.count)) as i64 - 1]))
        }
        Kind::Episodes => extent(crate::columns::episodes_from(batch).ok()?.iter().map(|row| row.episode as i64)),
        Kind::Checkpoints => extent(crate::columns::checkpoints_from(batch).ok()?.iter().map(|row| row.global_step)),
    };
    if batch.num_rows() == 0 { Some((0, 0, episode)) } else { Some((first, last, episode)) }
}

fn only(mut episodes: impl Iterator<Item = u64>) -> u64 {
    let Some(first) = episodes.next() else { return Record::NO_EPISODE };
    if episodes.all(|episode| episode == first) { first } else { Record::NO_EPISODE }
}
