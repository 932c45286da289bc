//! Arrays as a file of `NumPy`, for other tools.

use ethogram_model::Cancel;

use super::source::{ArrayAt, ArraySource, networks};
use super::{nothing, wrong};
use crate::{Error, NpzArchive, Result, RunHandle};

/// Most numbers of one file.
pub const FILE_NUMBERS_MAX: usize = 60 << 20;

/// Which arrays go into a file.
#[derive(Clone, Debug, PartialEq)]
pub enum ArraysFileRequest {
    /// One array at a step of the training: the last at or before it, or else the first; the newest when left out.
    Step(ArraySource, Option<i64>),
    /// One array at all steps, the axis of steps first; those with another shape than the newest are left out.
    Through(ArraySource),
    /// All weights of the checkpoint at a step, likewise.
    Weights(Option<i64>),
}

impl RunHandle {
    /// The arrays as an `.npz`: each, float32, by its name without what it is (`weight/`, `tensor/AXIS/`), and `step`, int64: where in the
    /// training it is of.
    ///
    /// # Errors
    /// [`Error::BadParam`] for an array that is not there, [`Error::TooLarge`] beyond [`FILE_NUMBERS_MAX`]; cancelled.
    pub fn arrays_file(&self, request: &ArraysFileRequest, cancel: &Cancel) -> Result<Vec<u8>> {
        let mut file = ArraysFile { arrays: Vec::new(), numbers: 0 };
        let steps = match request {
            ArraysFileRequest::Step(of, at) => {
                let step = last_at(&of.steps(self)?, *at).ok_or_else(|| nothing(of))?;
                let found = of.at(self, step, cancel)?.ok_or_else(|| nothing(of))?;
                file.push(name_of(of), found.shape, found.values)?;
                vec![step]
            }
            ArraysFileRequest::Through(of) => {
                let mut found: Vec<(i64, ArrayAt)> = Vec::new();
                let mut numbers = 0;
                for step in of.steps(self)?.into_iter().rev() {
                    let Some(one) = of.at(self, step, cancel)? else { continue };
                    if found.first().is_none_or(|(_, newest)| newest.shape == one.shape) {
                        numbers += one.values.len();
                        check(numbers)?;
                        found.push((step, one));
                    }
                }
                found.reverse();
                let Some((_, newest)) = found.last() else { return Err(nothing(of)) };
                let shape = std::iter::once(found.len()).chain(newest.shape.iter().copied()).collect();
                let steps = found.iter().map(|(step, _)| *step).collect();
                file.push(name_of(of), shape, found.into_iter().flat_map(|(_, one)| one.values).collect())?;
                steps
            }
            ArraysFileRequest::Weights(at) => {
                let rows = networks(self);
                let mut steps: Vec<i64> = rows.iter().map(|row| row.global_step).collect();
                steps.sort_unstable();
                let row = last_at(&steps, *at).and_then(|step| rows.into_iter().rfind(|row| row.global_step == step));
                let Some(row) = row else {
                    let expected = "a checkpoint of format onnx; run.checkpoint(policy) makes one";
                    return Err(wrong("of", expected.to_owned(), "no checkpoint".to_owned()));
                };
                for weight in self.networks().open(self.source().as_ref(), &row)?.weights() {
                    cancel.check()?;
                    let values = weight.tensor.as_f32().unwrap_or_default().to_vec();
                    file.push(weight.name, weight.tensor.shape().to_vec(), values)?;
                }
                vec![row.global_step]
            }
        };
        file.into_bytes(&steps)
    }
}

struct ArraysFile {
    arrays: Vec<(String, Vec<usize>, Vec<f32>)>,
    numbers: usize,
}

impl ArraysFile {
    fn push(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) -> Result<()> {
        self.numbers += values.len();
        check(self.numbers)?;
        self.arrays.push((name, shape, values));
        Ok(())
    }

    fn into_bytes(self, steps: &[i64]) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let write = || -> std::io::Result<()> {
            let mut archive = NpzArchive::new(&mut bytes);
            for (name, shape, values) in self.arrays {
                let values: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
                archive.array(&name, "<f4", &shape, &values)?;
            }
            let times: Vec<u8> = steps.iter().flat_map(|step| step.to_le_bytes()).collect();
            archive.array("step", "<i8", &[steps.len()], &times)?;
            archive.finish()
        };
        write().map_err(|source| Error::NotWritten { what: "the arrays as npz".to_owned(), source })?;
        Ok(bytes)
    }
}

/// The last step at or before one, or else the first; the newest of all without one.
fn last_at(steps: &[i64], at: Option<i64>) -> Option<i64> {
    let last = at.map_or(steps.len(), |at| steps.partition_point(|step| *step <= at)).saturating_sub(1);
    steps.get(last).copied()
}

fn name_of(of: &ArraySource) -> String {
    match of {
        ArraySource::Weight(name) => name.clone(),
        ArraySource::Activation { layer, .. } => layer.trim_start_matches('/').to_owned(),
        ArraySource::Tensor(_, tag) => tag.clone(),
    }
}

fn check(numbers: usize) -> Result<()> {
    if numbers <= FILE_NUMBERS_MAX {
        return Ok(());
    }
    let what = "numbers of a file of arrays (FILE_NUMBERS_MAX)".to_owned();
    Err(Error::TooLarge { what, limit: FILE_NUMBERS_MAX as u64, found: numbers as u64 })
}
