//! Rows of recorded steps that are held in memory.

use std::ops::Range;

use bytes::Bytes;
use ethogram_store::codec::{Effort, FrameLayout, encode_group};
use ethogram_store::{Column, ColumnData, Error, FrameGroup, Result};

use crate::run::no_field;
use crate::tables::StepField;

/// Rows of one frame group.
const GROUP_ROWS: usize = 32;

/// Some rows of a field; a range that reaches beyond them is cut.
pub fn rows(fields: &[StepField], episode: u64, name: &str, range: Range<u64>) -> Result<Column> {
    let field = fields.iter().find(|field| field.info.name == name).ok_or_else(|| no_field(episode, name))?;
    let column = &field.column;
    let all = fields.iter().map(|field| field.column.rows()).max().unwrap_or(0);
    let clamp = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(all);
    let (from, to) = (clamp(range.start), clamp(range.end).max(clamp(range.start)));
    let there = column.rows();
    let (data, missing) = match &column.data {
        ColumnData::Numeric(bytes) => {
            let row = column.row_bytes();
            let mut data = bytes[from.min(there) * row..to.min(there) * row].to_vec();
            data.resize((to - from) * row, 0);
            (ColumnData::Numeric(data), to > there)
        }
        ColumnData::Text(texts) => {
            let mut data = texts[from.min(there)..to.min(there)].to_vec();
            data.resize(to - from, String::new());
            (ColumnData::Text(data), to > there)
        }
    };
    let valid = (missing || column.valid.is_some())
        .then(|| (from..to).map(|row| row < there && column.is_valid(row)).collect::<Vec<bool>>())
        .filter(|valid| valid.contains(&false));
    Ok(Column { info: field.info.clone(), first: from as u64, data, valid })
}

/// The rows of an image field, encoded for the browser.
pub fn frame_groups(column: &Column) -> Result<Vec<FrameGroup>> {
    let info = &column.info;
    let layout = info.dtype.and_then(|dtype| FrameLayout::of_field(dtype, &info.shape, info.stack_axis));
    let (Some(layout), ColumnData::Numeric(bytes)) = (layout.filter(|_| info.image), &column.data) else {
        let what = format!("frames of field {:?}, which is no image; ask for its steps", info.name);
        return Err(Error::NotFound { what });
    };
    let mut groups = Vec::new();
    for (at, rows) in bytes.chunks(layout.row_bytes() * GROUP_ROWS).enumerate() {
        let rows: Vec<&[u8]> = rows.chunks(layout.row_bytes()).collect();
        let bytes = Bytes::from(encode_group(&layout, &rows, Effort::Live)?);
        groups.push(FrameGroup { first: column.first + (at * GROUP_ROWS) as u64, count: rows.len() as u32, bytes });
    }
    Ok(groups)
}
