//! A table as Parquet: one row group, every column may have nulls.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::{Cells, Table, other};

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for column in &table.columns {
        let (kind, array): (DataType, ArrayRef) = match &column.cells {
            Cells::Integers(cells) => (DataType::Int64, Arc::new(Int64Array::from(cells.clone()))),
            Cells::Numbers(cells) => (DataType::Float64, Arc::new(Float64Array::from(cells.clone()))),
            Cells::Truths(cells) => (DataType::Boolean, Arc::new(BooleanArray::from(cells.clone()))),
            Cells::Texts(cells) => {
                (DataType::Utf8, Arc::new(cells.iter().map(Option::as_deref).collect::<StringArray>()))
            }
        };
        fields.push(Field::new(&column.name, kind, true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(other)?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).map_err(other)?;
    writer.write(&batch).map_err(other)?;
    writer.close().map_err(other)?;
    to.write_all(&bytes)
}
