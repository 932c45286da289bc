//! Attributions as fields of an episode: `attribution/METHOD`, a row a step.

use std::ops::Range;

use ethogram_model::Cancel;
use ethogram_store::{Axis, Column, ColumnData, Dtype, FieldInfo};

use super::{EXPLAINED_STEPS_MAX, ExplanationRequest, Of};
use crate::{Error, FIELD_BYTES_MAX, Params, Result, RunHandle};

/// Before the name of a method, the name of a field.
pub const ATTRIBUTION_PREFIX: &str = "attribution/";

impl RunHandle {
    /// What a checkpoint's network makes of each step, a row a step: missing where there is no answer. `params` are those of the question
    /// (`target`, `of`, `checkpoint`, `wrt`) and of the method.
    ///
    /// # Errors
    /// As [`RunHandle::explanation`]; [`Error::TooLarge`] for more than [`FIELD_BYTES_MAX`].
    pub fn attribution(
        &self,
        episode: u64,
        method: &str,
        params: &Params,
        range: Range<u64>,
        cancel: &Cancel,
    ) -> Result<Column> {
        let request = request(episode, method, params)?;
        let steps = self.source().step_count(episode)?;
        let range = range.start.min(steps)..range.end.clamp(range.start.min(steps), steps);
        let rows = (range.end - range.start) as usize;
        let mut shape: Vec<usize> = Vec::new();
        let mut valid = Vec::with_capacity(rows);
        // Rows before the first that has an answer: how wide they are is not known yet.
        let mut blank = 0;
        let mut bytes: Vec<u8> = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let end = (start + EXPLAINED_STEPS_MAX).min(range.end);
            let found = self.explanation(&ExplanationRequest { range: start..end, ..request.clone() }, cancel)?;
            start = end;
            if !found.valid.contains(&true) {
                blank += found.valid.len();
                valid.extend(found.valid);
                continue;
            }
            shape.clone_from(&found.shape);
            let width: usize = shape.iter().product();
            let all = (rows as u64).saturating_mul(width as u64 * 4);
            if all > FIELD_BYTES_MAX {
                let what = format!("bytes of {ATTRIBUTION_PREFIX}{method} (FIELD_BYTES_MAX)");
                return Err(Error::TooLarge { what, limit: FIELD_BYTES_MAX, found: all });
            }
            bytes.resize(bytes.len() + std::mem::take(&mut blank) * width * 4, 0);
            bytes.extend(found.values.iter().flat_map(|value| value.to_le_bytes()));
            valid.extend(found.valid);
        }
        bytes.resize(bytes.len() + blank * shape.iter().product::<usize>() * 4, 0);
        let info = FieldInfo {
            name: format!("{ATTRIBUTION_PREFIX}{method}"),
            axis: Axis::Step,
            dtype: Some(Dtype::Float32),
            shape,
            image: false,
            stack_axis: None,
        };
        let valid = valid.contains(&false).then_some(valid);
        Ok(Column { info, first: range.start, data: ColumnData::Numeric(bytes), valid })
    }
}

/// The question that the parameters of a field spell.
fn request(episode: u64, method: &str, params: &Params) -> Result<ExplanationRequest> {
    let mut params = params.clone();
    let mut take = |name: &str| params.remove(name).map(|value| value.to_string());
    let (target, of, checkpoint, wrt) = (take("target"), take("of"), take("checkpoint"), take("wrt"));
    let checkpoint = checkpoint.map(|text| {
        text.parse::<i64>().map_err(|_| Error::BadParam {
            field: format!("{ATTRIBUTION_PREFIX}{method}"),
            param: "checkpoint".to_owned(),
            expected: "a global step".to_owned(),
            found: text.chars().take(64).collect(),
        })
    });
    let plain = ExplanationRequest::default();
    Ok(ExplanationRequest {
        episode,
        method: method.to_owned(),
        target: target.unwrap_or(plain.target.clone()),
        of: of.map_or(Ok(plain.of), |text| Of::parse(&text))?,
        checkpoint: checkpoint.transpose()?,
        wrt,
        params,
        ..plain
    })
}
