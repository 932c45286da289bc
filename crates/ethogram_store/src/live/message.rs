//! One Arrow IPC message from bytes whose hash was right.
//!
//! A right hash says that the bytes are those that were written, not that Ethogram wrote them: a run may come from anywhere.
//! So all that `arrow-ipc` would trust is checked first: types, ranges, and the sizes that compressed buffers claim to unpack to.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::{CompressionType, Message, MessageHeader, MetadataVersion};
use arrow_schema::{DataType, Schema, SchemaRef};

/// Most bytes that a batch may unpack to.
pub(crate) const UNPACKED_BYTES_MAX: u64 = 1 << 30;
/// Most columns of a segment.
pub(crate) const COLUMNS_MAX: usize = 8_192;

/// Reads a schema message.
pub(crate) fn read_schema(bytes: &[u8]) -> Result<SchemaRef, String> {
    let (message, _) = split(bytes)?;
    let schema = message.header_as_schema().ok_or("not a schema message")?;
    let columns = schema.fields().map_or(0, |fields| fields.len());
    if columns > COLUMNS_MAX {
        return Err(format!("{columns} columns, over the limit of {COLUMNS_MAX}"));
    }
    let schema = guarded(|| arrow_ipc::convert::try_fb_to_schema(schema))?;
    for field in schema.fields() {
        if !is_known(field.data_type()) {
            return Err(format!("column {:?} of a type that runs do not use", field.name()));
        }
    }
    Ok(Arc::new(schema))
}

/// Reads a batch message of a segment with this schema.
pub(crate) fn read_batch(bytes: &[u8], schema: &SchemaRef, rows: u32) -> Result<RecordBatch, String> {
    let (message, body) = split(bytes)?;
    let batch = message.header_as_record_batch().ok_or("not a record batch")?;
    if batch.length() != i64::from(rows) {
        return Err(format!("{} rows where the log says {rows}", batch.length()));
    }
    check_buffers(&batch, body)?;
    check_nodes(&batch, schema, rows)?;
    let version: MetadataVersion = message.version();
    let body = Buffer::from(body);
    let none = HashMap::new();
    guarded(|| arrow_ipc::reader::read_record_batch(&body, batch, Arc::clone(schema), &none, None, &version))
}

/// The message and its body.
fn split(bytes: &[u8]) -> Result<(Message<'_>, &[u8]), String> {
    let word = |at: usize| -> Option<u32> { Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)) };
    if word(0) != Some(u32::MAX) {
        return Err("no Arrow message starts here".into());
    }
    let metadata = word(4).ok_or("message is too short")? as usize;
    let body = 8_usize.checked_add(metadata).ok_or("metadata is too long")?;
    let metadata = bytes.get(8..body).ok_or("metadata is longer than the message")?;
    let message = arrow_ipc::root_as_message(metadata).map_err(|error| format!("metadata is damaged: {error}"))?;
    let body = &bytes[body..];
    if u64::try_from(message.bodyLength()) != Ok(body.len() as u64) {
        return Err(format!("body of {} bytes where {} were promised", body.len(), message.bodyLength()));
    }
    if message.header_type() == MessageHeader::DictionaryBatch {
        return Err("dictionaries are not part of the format".into());
    }
    Ok((message, body))
}

/// Every buffer lies in the body, and what is compressed does not claim to unpack to more than the limit.
fn check_buffers(batch: &arrow_ipc::RecordBatch<'_>, body: &[u8]) -> Result<(), String> {
    let compressed = match batch.compression().map(|compression| compression.codec()) {
        None => false,
        Some(CompressionType::ZSTD) => true,
        Some(other) => return Err(format!("compression {other:?} is not part of the format")),
    };
    let mut unpacked = 0_u64;
    for buffer in batch.buffers().ok_or("batch without buffers")? {
        let (offset, length) = (usize::try_from(buffer.offset()), usize::try_from(buffer.length()));
        let (Ok(offset), Ok(length)) = (offset, length) else { return Err("buffer with a negative range".into()) };
        let end = offset.checked_add(length).ok_or("buffer whose range overflows")?;
        let bytes = body.get(offset..end).ok_or("buffer beyond the body")?;
        let claimed = match bytes.first_chunk::<8>().filter(|_| compressed) {
            Some(head) => u64::try_from(i64::from_le_bytes(*head)).unwrap_or(length as u64),
            None => length as u64,
        };
        unpacked = unpacked.saturating_add(claimed);
        if unpacked > UNPACKED_BYTES_MAX {
            return Err(format!("batch unpacks to over the limit of {UNPACKED_BYTES_MAX} bytes"));
        }
    }
    Ok(())
}

/// Every column has as many rows as the batch, and as many values in lists of fixed size as that implies.
fn check_nodes(batch: &arrow_ipc::RecordBatch<'_>, schema: &Schema, rows: u32) -> Result<(), String> {
    let mut nodes = batch.nodes().ok_or("batch without columns")?.iter();
    for field in schema.fields() {
        let node = nodes.next().ok_or("batch with too few columns")?;
        let nulls = node.null_count();
        if node.length() != i64::from(rows) || !(0..=node.length()).contains(&nulls) {
            return Err(format!("column {:?} has {} rows and {nulls} nulls", field.name(), node.length()));
        }
        let values = match field.data_type() {
            DataType::FixedSizeList(_, size) => Some(i64::from(rows) * i64::from(*size)),
            DataType::List(_) => None,
            _ => continue,
        };
        let child = nodes.next().ok_or("batch with too few columns")?.length();
        if child < 0 || values.is_some_and(|values| values != child) {
            return Err(format!("column {:?} has {child} values", field.name()));
        }
    }
    Ok(())
}

/// The types that docs/format.md names.
fn is_known(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::Binary => true,
        DataType::FixedSizeList(item, size) => *size >= 0 && is_number(item.data_type()),
        DataType::List(item) => *item.data_type() == DataType::UInt32,
        other => is_number(other),
    }
}

fn is_number(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Boolean) || data_type.is_integer() || data_type.is_floating()
}

/// `arrow-ipc` promises errors, but has panicked on odd input before; a reader of foreign bytes takes no chances.
fn guarded<T>(read: impl FnOnce() -> Result<T, arrow_schema::ArrowError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("Arrow could not make sense of it".into()),
    }
}
