//! Steps of an episode, a row each: what stands beside a film of them.

use std::ops::Range;

use ethogram_store::{Column, ColumnData, Dtype};

use super::{Cells, Table, check_cells};
use crate::video::action_in_words;
use crate::{Error, FieldEntry, Params, Result, RunHandle};

/// Most elements of a field that has a column each, where fields are not named.
pub const STEP_ELEMENTS_MAX: usize = 64;

/// Which steps, and what of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepsRequest {
    /// Of which episode.
    pub episode: u64,
    /// Which steps; cut to the episode.
    pub range: Range<u64>,
    /// Fields by name, logged or derived; when left out all that were logged with [`STEP_ELEMENTS_MAX`] elements or fewer.
    pub fields: Option<Vec<String>>,
    /// Frames a second of the film that it stands beside: then it has `frame` and `time`, its beginning in seconds.
    pub fps: Option<f64>,
}

/// What comes first, as people read it.
const FIRST: [&str; 4] = ["action", "reward", "terminated", "truncated"];

impl RunHandle {
    /// Steps as a table: `step`, `action`, `action_name` where actions have names, `reward`, `episode_return`, `terminated`, `truncated`, and every other
    /// field; one with several elements has a column each, `NAME[0]`.
    ///
    /// # Errors
    /// The episode was not recorded, or has no such field; more than [`super::TABLE_CELLS_MAX`] cells.
    pub fn steps_table(&self, request: &StepsRequest) -> Result<Table> {
        let count = self.source().step_count(request.episode)?;
        let known = self.fields(request.episode)?;
        let range = request.range.start.min(count)..request.range.end.min(count);
        if range.is_empty() {
            return Err(Error::NothingToExport {
                why: match count {
                    0 => format!("the steps of episode {} were not recorded", request.episode),
                    count => format!("no step from {} to {}; the episode has {count}", range.start, range.end),
                },
            });
        }
        let rows = range.end - range.start;
        let names = request.fields.clone().unwrap_or_else(|| usual(&known));
        check_cells(rows, names.len() as u64 + 1)?;
        let mut table = Table::default();
        if let Some(fps) = request.fps {
            table.push("frame", Cells::Integers((0..rows as i64).map(Some).collect()));
            table.push("time", Cells::Numbers((0..rows).map(|frame| Some(frame as f64 / fps)).collect()));
        }
        table.push("step", Cells::Integers(range.clone().map(|step| Some(step as i64)).collect()));
        for name in names {
            let field = self.field(request.episode, &name, &Params::new(), range.clone())?;
            let width = field.column.info.shape.iter().product::<usize>() as u64;
            check_cells(rows, table.columns.len() as u64 + width)?;
            push_field(&mut table, &name, &field.column, &range);
            if name == "action" {
                self.push_action_names(&mut table, &field.column, &range);
            }
        }
        Ok(table)
    }

    fn push_action_names(&self, table: &mut Table, column: &Column, range: &Range<u64>) {
        let env = self.info().env.as_ref();
        if env.is_none_or(|env| env.action_meanings.is_empty()) {
            return;
        }
        let width = column.info.shape.iter().product::<usize>().max(1);
        let values = column.to_f64();
        let name = |step: u64| {
            let row = usize::try_from(step.checked_sub(column.first)?).ok()?;
            let is_there = row < column.rows() && column.is_valid(row);
            is_there.then(|| action_in_words(env, &values[row * width..(row + 1) * width]))
        };
        table.push("action_name", Cells::Texts(range.clone().map(name).collect()));
    }
}

/// Logged fields that are no pictures, and the return so far.
fn usual(known: &[FieldEntry]) -> Vec<String> {
    let is_small = |field: &&FieldEntry| {
        let (info, elements) = (&field.info, field.info.shape.iter().product::<usize>());
        !info.image && elements <= STEP_ELEMENTS_MAX && (field.is_logged() || info.name == "episode_return")
    };
    let mut names: Vec<String> = known.iter().filter(is_small).map(|field| field.info.name.clone()).collect();
    let rank = |name: &String| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len());
    names.sort_by_key(rank);
    names
}

fn push_field(table: &mut Table, name: &str, column: &Column, range: &Range<u64>) {
    let width = column.info.shape.iter().product::<usize>();
    let row_of = |step: u64| {
        let row = usize::try_from(step.checked_sub(column.first)?).ok()?;
        (row < column.rows() && column.is_valid(row)).then_some(row)
    };
    let (ColumnData::Numeric(bytes), Some(dtype)) = (&column.data, column.info.dtype) else {
        if let ColumnData::Text(texts) = &column.data {
            let cells = range.clone().map(|step| row_of(step).map(|row| texts[row].clone()));
            table.push(name, Cells::Texts(cells.collect()));
        }
        return;
    };
    for element in 0..width {
        let raw = |row: usize| {
            let at = (row * width + element) * dtype.size();
            &bytes[at..at + dtype.size()]
        };
        let cells = match dtype {
            Dtype::Bool => Cells::Truths(range.clone().map(|step| row_of(step).map(|row| raw(row)[0] != 0)).collect()),
            Dtype::Float16 | Dtype::Float32 | Dtype::Float64 => {
                Cells::Numbers(range.clone().map(|step| row_of(step).map(|row| dtype.read_f64(raw(row)))).collect())
            }
            _ => Cells::Integers(range.clone().map(|step| row_of(step).map(|row| whole(dtype, raw(row)))).collect()),
        };
        let name = if column.info.shape.is_empty() { name.to_owned() } else { format!("{name}[{element}]") };
        table.push(name, cells);
    }
}

/// A whole number of any width; those of 64 unsigned bits above the largest signed one become that.
fn whole(dtype: Dtype, raw: &[u8]) -> i64 {
    let mut bytes = [0_u8; 8];
    bytes[..raw.len()].copy_from_slice(raw);
    let unsigned = u64::from_le_bytes(bytes);
    match dtype {
        Dtype::Int8 => i64::from(unsigned as u8 as i8),
        Dtype::Int16 => i64::from(unsigned as u16 as i16),
        Dtype::Int32 => i64::from(unsigned as u32 as i32),
        Dtype::Int64 => unsigned as i64,
        _ => i64::try_from(unsigned).unwrap_or(i64::MAX),
    }
}
