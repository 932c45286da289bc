//! Sealed episodes and checkpoints: small tables that are read whole, or by range of rows.

use std::sync::Arc;

use arrow_array::RecordBatch;

use super::FileEntry;
use super::steps::properties;
use super::table::{SealedBytes, Table, TableWriter};
use crate::Result;
use crate::files::Files;

/// Rows of one row group.
const GROUP_ROWS: usize = 16_384;

pub(super) fn write(sorted: &RecordBatch) -> Result<SealedBytes> {
    let mut writer = TableWriter::new(sorted.schema(), properties())?;
    for from in (0..sorted.num_rows()).step_by(GROUP_ROWS) {
        writer.write_group(&sorted.slice(from, GROUP_ROWS.min(sorted.num_rows() - from)))?;
    }
    writer.finish("{}".into())
}

/// Rows of a sealed file of episodes (ascending by episode, each once) or checkpoints (ascending by global step).
pub fn read_sealed_rows(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<RecordBatch> {
    let table = Table::open(files, path, entry)?;
    table.read_all()
}
