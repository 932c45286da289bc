//! How far a field reaches over an episode: what fixed axes are drawn from.

use ethogram_store::ColumnData;

use crate::{Error, Params, Result, RunHandle};

/// Smallest and largest finite value of each element of a row, over all steps; NaN where there was none.
#[derive(Clone, Debug, PartialEq)]
pub struct Extents {
    /// Smallest, one an element.
    pub low: Vec<f64>,
    /// Largest, one an element.
    pub high: Vec<f64>,
}

/// Values that are held at once.
const VALUES_MAX: usize = 1 << 20;
/// Most values that are looked through: steps times elements, whether logged or not.
const EXTENTS_VALUES_MAX: u64 = 1 << 33;

impl RunHandle {
    /// Extents of a field of numbers, logged or derived. Rows are read in parts, so that long episodes of wide fields need no more
    /// memory than short ones.
    pub fn extents(&self, episode: u64, name: &str, params: &Params) -> Result<Extents> {
        let steps = self.source().step_count(episode)?;
        let first = self.field(episode, name, params, 0..1)?;
        let width = first.column.info.shape.iter().product::<usize>();
        if let ColumnData::Text(_) = first.column.data {
            return Err(Error::BadInput {
                field: name.to_owned(),
                input: name.to_owned(),
                expected: "numbers".into(),
                found: "text".into(),
            });
        }
        let found = steps.saturating_mul(width as u64);
        if found > EXTENTS_VALUES_MAX {
            let what = format!("values of {name:?} over {steps} steps (EXTENTS_VALUES_MAX)");
            return Err(Error::TooLarge { what, limit: EXTENTS_VALUES_MAX, found });
        }
        let rows = (VALUES_MAX / width.max(1)).max(1) as u64;
        let mut extents = Extents { low: vec![f64::NAN; width], high: vec![f64::NAN; width] };
        let mut from = 0;
        while from < steps {
            let field = self.field(episode, name, params, from..from.saturating_add(rows))?;
            let values = field.column.to_f64();
            let parts = values.chunks_exact(width.max(1)).enumerate();
            parts.filter(|(row, _)| field.column.is_valid(*row)).for_each(|(_, row)| extents.stretch(row));
            from = from.saturating_add(rows);
        }
        Ok(extents)
    }
}

impl Extents {
    fn stretch(&mut self, row: &[f64]) {
        for ((low, high), &value) in self.low.iter_mut().zip(&mut self.high).zip(row) {
            if value.is_finite() {
                // f64::min and max pass over NaN, which stands for "none yet".
                *low = low.min(value);
                *high = high.max(value);
            }
        }
    }
}
