//! Points as a file of NumPy arrays.

use std::io::{self, Write};

use ethogram_query::NpzArchive;

use super::Table;

/// `run` (index into `runs`), `episode`, `step`, `layout` `[points, dims]`, `points` `[points, width]`, and each field by its name, NaN where
/// it is missing; names of choices are `NAME/names`.
pub fn write_npz(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let mut archive = NpzArchive::new(to);
    let (places, rows) = (table.map.places(), table.rows());
    let whole = |number: &dyn Fn(usize) -> u64| -> Vec<u8> {
        (0..rows).flat_map(|row| (number(row) as i64).to_le_bytes()).collect()
    };
    archive.array("run", "<i8", &[rows], &whole(&|row| u64::from(places[row].source)))?;
    archive.array("episode", "<i8", &[rows], &whole(&|row| places[row].episode))?;
    archive.array("step", "<i8", &[rows], &whole(&|row| places[row].step))?;
    archive.texts("runs", &table.runs)?;
    let floats = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
    archive.array("layout", "<f4", &[rows, table.layout.dims], &floats(&table.layout.positions))?;
    archive.array("points", "<f4", &[rows, table.map.width()], &floats(table.map.values()))?;
    for (name, field) in &table.fields {
        let bytes = field.values.iter().flat_map(|value| value.unwrap_or(f64::NAN).to_le_bytes());
        archive.array(name, "<f8", &[rows], &bytes.collect::<Vec<u8>>())?;
        if let Some(names) = &field.names {
            archive.texts(&format!("{name}/names"), names)?;
        }
    }
    archive.finish()
}
