//! `evaluations.npz`: returns and lengths of the episodes of each evaluation.

use ethogram_store::{Array, Axis, Result};

use super::FORMAT;
use crate::npz;
use crate::part::{FileSeen, Folder, Part};
use crate::tables::Tables;

const FILE: &str = "evaluations.npz";

/// What `EvalCallback` keeps. The file is written anew with each evaluation, and read anew when it is.
#[derive(Default)]
pub struct Evaluations {
    seen: Option<FileSeen>,
    tables: Tables,
}

impl Part for Evaluations {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn catch_up(&mut self, folder: &Folder, _: u64) -> Result<()> {
        let file = folder.file(FILE).cloned();
        if file == self.seen {
            return Ok(());
        }
        self.tables = Tables::default();
        if let Some(file) = &file {
            match npz::read(&folder.locate(file)) {
                Ok(arrays) => {
                    for (name, why) in arrays.iter().filter_map(|(name, array)| Some((name, array.as_ref().err()?))) {
                        self.tables.lost.note(FILE, format!("the array {name:?}"), why);
                    }
                    let array = |name: &str| {
                        arrays.iter().find(|(known, _)| known == name).and_then(|(_, array)| array.as_ref().ok())
                    };
                    self.take(
                        array("timesteps"),
                        file.modified_us,
                        &[
                            ("eval/mean_reward", array("results")),
                            ("eval/mean_ep_length", array("ep_lengths")),
                            ("eval/success_rate", array("successes")),
                        ],
                    );
                }
                // It may be being written just now; then it changes again.
                Err(why) => self.tables.lost.note(FILE, "the file", why),
            }
        }
        self.seen = file;
        Ok(())
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }
}

impl Evaluations {
    /// Means over the episodes of each evaluation, by the names that SB3 logs them under.
    fn take(&mut self, steps: Option<&Array>, time_us: i64, columns: &[(&str, Option<&Array>)]) {
        let Some(steps) = steps.filter(|steps| steps.shape().len() == 1) else {
            self.tables.lost.note(FILE, "the array \"timesteps\"", "it is not there, or not of one axis");
            return;
        };
        for (tag, array) in columns {
            let Some([rows, episodes]) = array.map(Array::shape) else { continue };
            let Some(number) = self.tables.scalars.number(Axis::GlobalStep, tag) else { continue };
            if *rows != steps.len() || *episodes == 0 {
                self.tables.lost.note(FILE, format!("the array of {tag}"), "it has not one row an evaluation");
                continue;
            }
            let values = array.map(Array::to_f64).unwrap_or_default();
            for (step, values) in steps.to_f64().iter().zip(values.chunks(*episodes)) {
                let mean = values.iter().sum::<f64>() / *episodes as f64;
                self.tables.scalars.push(number, *step as i64, time_us, mean);
            }
        }
        self.tables.settle();
    }
}
