//! A field of one number a step, smoothed.

use ethogram_analysis::{ema, rolling_mean};

use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::param::{ParamKind, number, text};
use crate::{Param, Params, Result};

/// Moving average of another field.
pub(super) struct Smooth;

const FIELD: Param = Param {
    name: "field",
    doc: "the field to smooth, logged or derived with its default parameters",
    kind: ParamKind::Field { default: "reward" },
};

const METHOD: Param = Param {
    name: "method",
    doc: "ema: exponential average with its bias divided out; rolling: mean of the last steps",
    kind: ParamKind::Choice { of: &["ema", "rolling"] },
};

const WEIGHT: Param = Param {
    name: "weight",
    doc: "for ema: the weight of the past; 0 leaves the field as it is",
    kind: ParamKind::Number { default: 0.9, min: 0.0, max: 0.9999 },
};

const WINDOW: Param = Param {
    name: "window",
    doc: "for rolling: how many steps are averaged, this one the last",
    kind: ParamKind::Number { default: 10.0, min: 1.0, max: 1e6 },
};

impl Derivation for Smooth {
    fn name(&self) -> &'static str {
        "smooth"
    }

    fn doc(&self) -> &'static str {
        "moving average of another field; missing steps stay missing, NaN stays NaN"
    }

    fn formula(&self) -> &'static str {
        "ema: Σ_{k ≤ t} w^{t−k} x_k / Σ_{k ≤ t} w^{t−k}; rolling: mean of x_{t−n+1} … x_t"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn inputs(&self) -> &'static [Input] {
        &[Input {
            name: InputName::Param("field"),
            shape: RowShape::Number,
            required: true,
            hint: "log it, or name another field with the parameter field",
        }]
    }

    fn params(&self) -> &'static [Param] {
        &[FIELD, METHOD, WEIGHT, WINDOW]
    }

    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived> {
        let values = inputs.numbers(0);
        let smooth = match text(params, "method") {
            "rolling" => rolling_mean(&values, number(params, "window") as usize)?,
            _ => ema(&values, number(params, "weight"))?,
        };
        Ok(Derived::numbers(&smooth))
    }
}
