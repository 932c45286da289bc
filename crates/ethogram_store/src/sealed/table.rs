//! A Parquet file whose every column chunk is vouched for by a hash, read in as few ranges as can be.
//!
//! Parquet has no checksum that its writers agree on, so each table carries its own in the key–value metadata:
//! `ethogram.xxh3` is the xxh3-64 of every column chunk, 16 hex digits each, row group by row group; `ethogram.index` says
//! what lies where (see the kinds). The manifest vouches for the footer. Other engines pass over both.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::column::page::PageReader as _;
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::statistics::Statistics;
use xxhash_rust::xxh3::xxh3_64;

use super::FileEntry;
use crate::files::Files;
use crate::{Error, Result};

const HASHES_KEY: &str = "ethogram.xxh3";
const INDEX_KEY: &str = "ethogram.index";
/// Largest footer that is read.
const FOOTER_BYTES_MAX: u64 = 64 << 20;
/// Most bytes that one read may unpack to: as Parquet has them, and as arrays.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;
/// Most bytes that all rows of a file may take as arrays, where all are wanted at once.
const WHOLE_BYTES_MAX: u64 = 2 << 30;
/// Rows that are unpacked at a time where texts are among them: what these take is known only then.
const TEXT_ROWS: usize = 1_024;
/// What a text takes beside its letters.
const TEXT_BYTES: u64 = 16;
/// Most rows of one read.
const ROWS_MAX: u64 = 1 << 26;
/// Chunks with at most this much between them are read in one go.
const GAP_BYTES_MAX: u64 = 64 << 10;

/// A file made in memory, and what a manifest has to say of it.
#[derive(Clone, Debug)]
pub struct SealedBytes {
    /// The file.
    pub bytes: Bytes,
    /// Length of the footer that ends it.
    pub footer_bytes: u64,
    /// Rows in it.
    pub rows: u64,
}

impl SealedBytes {
    /// The entry of a manifest for this file under the name `file`.
    pub fn entry(&self, file: String) -> FileEntry {
        let footer = &self.bytes[self.bytes.len() - self.footer_bytes as usize..];
        FileEntry {
            file,
            bytes: self.bytes.len() as u64,
            xxh3: format!("{:016x}", xxh3_64(&self.bytes)),
            footer_bytes: self.footer_bytes,
            footer_xxh3: format!("{:016x}", xxh3_64(footer)),
        }
    }
}

/// Writes a table, row group by row group.
pub(super) struct TableWriter {
    writer: ArrowWriter<Vec<u8>>,
    hashes: String,
    rows: u64,
}

impl TableWriter {
    pub(super) fn new(schema: SchemaRef, properties: WriterProperties) -> Result<Self> {
        let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(|e| not_written(&e))?;
        Ok(Self { writer, hashes: String::new(), rows: 0 })
    }

    /// One row group.
    pub(super) fn write_group(&mut self, batch: &RecordBatch) -> Result<()> {
        use std::fmt::Write;
        self.writer.write(batch).map_err(|e| not_written(&e))?;
        self.writer.flush().map_err(|e| not_written(&e))?;
        self.writer.sync().map_err(|e| not_written(&e.into()))?;
        self.rows += batch.num_rows() as u64;
        let written = self.writer.inner();
        if let Some(group) = self.writer.flushed_row_groups().last().filter(|_| batch.num_rows() > 0) {
            for column in group.columns() {
                let (start, length) = column.byte_range();
                let hash = xxh3_64(&written[start as usize..(start + length) as usize]);
                let _ = write!(self.hashes, "{hash:016x}");
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self, index: String) -> Result<SealedBytes> {
        self.writer.append_key_value_metadata(KeyValue::new(HASHES_KEY.into(), Some(self.hashes)));
        self.writer.append_key_value_metadata(KeyValue::new(INDEX_KEY.into(), Some(index)));
        let bytes = Bytes::from(self.writer.into_inner().map_err(|e| not_written(&e))?);
        // The last 8 bytes are the length of the metadata and "PAR1".
        let tail = bytes.slice(bytes.len() - 8..);
        let footer_bytes = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]])) + 8;
        Ok(SealedBytes { bytes, footer_bytes, rows: self.rows })
    }
}

fn not_written(error: &ParquetError) -> Error {
    Error::Io { action: "encode", path: "parquet".into(), source: std::io::Error::other(error.to_string()) }
}

/// An open table: its footer, checked. Column chunks are read and checked as they are asked for.
#[derive(Debug)]
pub struct Table {
    files: Arc<dyn Files>,
    path: String,
    metadata: ArrowReaderMetadata,
    hashes: Vec<u64>,
    index: String,
    /// Row at which each row group starts, and the number of all rows.
    starts: Vec<u64>,
}

impl Table {
    /// Reads the footer; `path` is relative to the run.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is not what the manifest vouched for.
    pub fn open(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<Self> {
        Self::open_as(files, path, entry, ArrowReaderOptions::new())
    }

    /// As [`Table::open`], for columns whose Arrow types follow from their Parquet types: quicker, for Arrow's own schema is not read.
    pub(super) fn open_plain(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<Self> {
        Self::open_as(files, path, entry, ArrowReaderOptions::new().with_skip_arrow_metadata(true))
    }

    fn open_as(files: Arc<dyn Files>, path: String, entry: &FileEntry, options: ArrowReaderOptions) -> Result<Self> {
        let footer = read_footer(&*files, &path, entry)?;
        let corrupt = |found: String| corrupt(&*files, &path, "footer", "a Parquet footer of Ethogram", found);
        let table = guarded(|| {
            let metadata = ParquetMetaDataReader::decode_metadata(&footer[..footer.len() - 8])?;
            ArrowReaderMetadata::try_new(Arc::new(metadata), options)
        });
        let metadata = table.map_err(corrupt)?;
        let find = |key: &str| {
            let pairs = metadata.metadata().file_metadata().key_value_metadata();
            pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == key)).and_then(|pair| pair.value.clone())
        };
        let index = find(INDEX_KEY).unwrap_or_default();
        let hashes: Option<Vec<u64>> = find(HASHES_KEY)
            .unwrap_or_default()
            .as_bytes()
            .chunks(16)
            .map(|digits| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .collect();
        let mut starts = vec![0_u64];
        let mut chunks = 0;
        for group in metadata.metadata().row_groups() {
            chunks += group.num_columns();
            let rows = u64::try_from(group.num_rows()).map_err(|_| corrupt("a negative number of rows".into()))?;
            starts.push(starts[starts.len() - 1].saturating_add(rows));
        }
        let hashes = hashes.filter(|hashes| hashes.len() == chunks);
        let hashes = hashes.ok_or_else(|| corrupt("no hash for every column chunk".into()))?;
        if metadata.schema().fields().len() != metadata.parquet_schema().num_columns() {
            return Err(corrupt("columns within columns".into()));
        }
        Ok(Self { files, path, metadata, hashes, index, starts })
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Rows of the table.
    pub fn rows(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Number of row groups.
    pub fn groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows of a row group.
    pub fn group_rows(&self, group: usize) -> Range<u64> {
        self.starts[group]..self.starts[group + 1]
    }

    /// Smallest and largest `step` of a row group, from its statistics; `None` when they do not say.
    pub(super) fn step_range(&self, group: usize) -> Option<(i64, i64)> {
        let (column, _) = self.schema().fields().find("step")?;
        match self.metadata.metadata().row_group(group).column(column).statistics()? {
            Statistics::Int64(steps) => Some((*steps.min_opt()?, *steps.max_opt()?)),
            _ => None,
        }
    }

    pub(super) fn index<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.index)
            .map_err(|error| corrupt(&*self.files, &self.path, "index", "what the kind needs", error.to_string()))
    }

    pub(super) fn corrupt(&self, what: &str, expected: &str, found: impl Into<String>) -> Error {
        corrupt(&*self.files, &self.path, what, expected, found.into())
    }

    /// Some rows of some columns, in the order of the table. Columns that are not there are left out; `None` means all.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a column chunk is not what was written, [`Error::TooLarge`] over the limits of one read.
    pub fn read(&self, rows: Range<u64>, columns: Option<&[&str]>) -> Result<RecordBatch> {
        self.read_within(rows, columns, UNPACKED_BYTES_MAX)
    }

    /// All rows of all columns.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn read_all(&self) -> Result<RecordBatch> {
        self.read_within(0..self.rows(), None, WHOLE_BYTES_MAX)
    }

    pub(super) fn read_within(&self, rows: Range<u64>, columns: Option<&[&str]>, limit: u64) -> Result<RecordBatch> {
        let rows = rows.start.min(self.rows())..rows.end.min(self.rows());
        let fields = self.schema().fields();
        let wanted: Vec<usize> = match columns {
            Some(names) => {
                let mut found: Vec<_> = names.iter().filter_map(|name| fields.find(name).map(|(i, _)| i)).collect();
                found.sort_unstable();
                found.dedup();
                found
            }
            None => (0..fields.len()).collect(),
        };
        let projected = self.schema().project(&wanted).map_err(|e| self.corrupt("schema", "columns", e.to_string()))?;
        if rows.is_empty() || wanted.is_empty() {
            return Ok(RecordBatch::new_empty(Arc::new(projected)));
        }
        let groups: Vec<usize> = (0..self.groups())
            .filter(|&group| self.starts[group] < rows.end && self.starts[group + 1] > rows.start)
            .collect();
        let first_row = self.starts[groups[0]];
        let group_rows = self.starts[groups[groups.len() - 1] + 1] - first_row;
        if group_rows > ROWS_MAX {
            return Err(Error::TooLarge { what: "rows of one read".into(), limit: ROWS_MAX, found: group_rows });
        }
        let window = self.fetch(&groups, &wanted)?;
        let too_large = |found: u64| {
            let what = format!("bytes of the rows of one read of {}", self.path);
            Error::TooLarge { what, limit, found }
        };
        let bytes = guarded(|| self.unpacked_bytes(&groups, &wanted, &window));
        let bytes = bytes.map_err(|found| self.corrupt("pages", "what was written", found))?;
        if bytes > limit {
            return Err(too_large(bytes));
        }
        let has_texts = wanted.iter().any(|&column| value_bytes(fields[column].data_type()).is_none());
        let mut over = None;
        let batch = guarded(|| {
            let mask = ProjectionMask::leaves(self.metadata.parquet_schema(), wanted.iter().copied());
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(window, self.metadata.clone())
                .with_projection(mask)
                .with_row_groups(groups)
                .with_batch_size(if has_texts { TEXT_ROWS.min(group_rows as usize) } else { group_rows as usize })
                .build()?;
            let schema = arrow_array::RecordBatchReader::schema(&reader);
            let (mut batches, mut held) = (Vec::new(), 0);
            for batch in reader {
                let batch = batch?;
                held += batch.get_array_memory_size() as u64;
                // Rows of numbers were counted before.
                if has_texts && held > limit.saturating_mul(2) {
                    over = Some(held);
                    return Ok(RecordBatch::new_empty(schema));
                }
                batches.push(batch);
            }
            Ok(arrow_select::concat::concat_batches(&schema, &batches)?)
        });
        if let Some(held) = over {
            return Err(too_large(held));
        }
        let batch = batch.map_err(|found| self.corrupt("columns", "what was written", found))?;
        if batch.num_rows() as u64 != group_rows {
            let found = format!("{} rows", batch.num_rows());
            return Err(self.corrupt("row group", &format!("{group_rows} rows"), found));
        }
        Ok(batch.slice((rows.start - first_row) as usize, (rows.end - rows.start) as usize))
    }

    /// Bytes of some columns of some row groups as arrays, the letters of texts left out.
    ///
    /// What a footer says of a chunk is what Parquet has, in which a run of a value repeated a million times takes some bytes. The rows
    /// are known; of lists, how many values their pages claim is looked up, for a page of some bytes may claim billions.
    fn unpacked_bytes(&self, groups: &[usize], columns: &[usize], window: &Window) -> Result<u64, ParquetError> {
        let mut bytes = 0_u64;
        for &group in groups {
            let chunks = self.metadata.metadata().row_group(group);
            let rows = self.starts[group + 1] - self.starts[group];
            for &column in columns {
                let (chunk, kind) = (chunks.column(column), self.schema().field(column).data_type());
                let mut values = 0_u64;
                if chunk.column_descr().max_rep_level() > 0 {
                    let mut pages = SerializedPageReader::new(Arc::new(window.clone()), chunk, rows as usize, None)?;
                    while let Some(page) = pages.peek_next_page()? {
                        values = values.saturating_add(page.num_levels.unwrap_or(0) as u64);
                        pages.skip_next_page()?;
                    }
                }
                let (a_row, a_value) = (value_bytes(kind).unwrap_or(TEXT_BYTES), leaf_bytes(kind));
                bytes = bytes.saturating_add(rows.saturating_mul(a_row).max(values.saturating_mul(a_value)));
            }
        }
        Ok(bytes)
    }

    /// The chunks of some columns of some row groups, checked, in few reads.
    fn fetch(&self, groups: &[usize], columns: &[usize]) -> Result<Window> {
        let per_group = self.schema().fields().len();
        let mut chunks = Vec::with_capacity(groups.len() * columns.len());
        let mut unpacked = 0_u64;
        for &group in groups {
            for &column in columns {
                let chunk = self.metadata.metadata().row_group(group).column(column);
                let start = chunk.dictionary_page_offset().map_or(chunk.data_page_offset(), |page| page);
                let range = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
                let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
                let range = range.ok_or_else(|| self.corrupt("column chunk", "a range", "a negative one"))?;
                unpacked = unpacked.saturating_add(u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX));
                chunks.push((range, self.hashes[group * per_group + column]));
            }
        }
        if unpacked > UNPACKED_BYTES_MAX {
            let what = format!("one read of {}", self.path);
            return Err(Error::TooLarge { what, limit: UNPACKED_BYTES_MAX, found: unpacked });
        }
        chunks.sort_unstable_by_key(|(range, _)| range.start);
        let mut window = Window::default();
        let mut next = 0;
        while next < chunks.len() {
            let mut span = chunks[next].0.clone();
            let mut after = next + 1;
            while after < chunks.len() && chunks[after].0.start <= span.end.saturating_add(GAP_BYTES_MAX) {
                span.end = span.end.max(chunks[after].0.end);
                after += 1;
            }
            let bytes = self.files.read_range(&self.path, span.clone())?;
            for (range, hash) in &chunks[next..after] {
                let chunk = &bytes[(range.start - span.start) as usize..(range.end - span.start) as usize];
                if xxh3_64(chunk) != *hash {
                    let found = format!("others in bytes {} to {}", range.start, range.end);
                    return Err(self.corrupt("checksum", "the bytes that were written", found));
                }
            }
            window.0.push((span.start, bytes));
            next = after;
        }
        Ok(window)
    }
}

/// Bytes of a row of a column; `None` where each has as many as it likes.
fn value_bytes(kind: &DataType) -> Option<u64> {
    match kind {
        DataType::Boolean => Some(1),
        DataType::FixedSizeBinary(length) => u64::try_from(*length).ok(),
        DataType::FixedSizeList(item, length) => {
            value_bytes(item.data_type())?.checked_mul(u64::try_from(*length).ok()?)
        }
        other => other.primitive_width().map(|width| width as u64),
    }
}

/// Bytes of a value of a column, in lists of each of their values.
fn leaf_bytes(kind: &DataType) -> u64 {
    match kind {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            leaf_bytes(item.data_type())
        }
        other => value_bytes(other).unwrap_or(TEXT_BYTES),
    }
}

/// The footer that ends a sealed file, checked against the manifest.
pub(super) fn read_footer(files: &dyn Files, path: &str, entry: &FileEntry) -> Result<Bytes> {
    if entry.footer_bytes < 8 || entry.footer_bytes > entry.bytes {
        let found = format!("{} of {}", entry.footer_bytes, entry.bytes);
        return Err(corrupt(files, path, "length of the footer", "8 bytes up to the whole file", found));
    }
    if entry.footer_bytes > FOOTER_BYTES_MAX {
        let what = format!("footer of {path}");
        return Err(Error::TooLarge { what, limit: FOOTER_BYTES_MAX, found: entry.footer_bytes });
    }
    let footer = files.read_range(path, entry.bytes - entry.footer_bytes..entry.bytes)?;
    let hash = format!("{:016x}", xxh3_64(&footer));
    if hash != entry.footer_xxh3 {
        return Err(corrupt(files, path, "checksum of the footer", &entry.footer_xxh3, hash));
    }
    Ok(footer)
}

pub(super) fn corrupt(files: &dyn Files, path: &str, what: &str, expected: &str, found: String) -> Error {
    Error::Corrupt { what: what.into(), expected: expected.into(), found, path: files.locate(path) }
}

/// Readers of formats promise errors, but a reader of foreign bytes takes no chances.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("what Parquet could not make sense of".into()),
    }
}

/// The parts of a file that were read, by where they start.
#[derive(Clone, Default)]
struct Window(Vec<(u64, Bytes)>);

impl Window {
    fn from(&self, start: u64) -> Result<Bytes, ParquetError> {
        let part = self.0.iter().find(|(from, bytes)| *from <= start && start < from + bytes.len() as u64);
        let (from, bytes) = part.ok_or_else(|| ParquetError::EOF(format!("byte {start} was not read")))?;
        Ok(bytes.slice((start - from) as usize..))
    }
}

impl Length for Window {
    fn len(&self) -> u64 {
        self.0.last().map_or(0, |(start, bytes)| start + bytes.len() as u64)
    }
}

impl ChunkReader for Window {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.from(start)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF(format!("{length} bytes from {start} were not read")));
        }
        Ok(bytes.slice(..length))
    }
}
