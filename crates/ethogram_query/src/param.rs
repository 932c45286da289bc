//! Parameters of derived fields: what they may be, and what was given.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// Parameters as given, by name. Those not given take their defaults.
pub type Params = BTreeMap<String, ParamValue>;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// A number.
    Number(f64),
    /// A text, for example the name of a field. Where a number is wanted, a text that spells one is taken.
    Text(String),
}

impl From<f64> for ParamValue {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for ParamValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl std::fmt::Display for ParamValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// Describes a parameter of a derivation.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name, for example `gamma`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What it may be.
    pub kind: ParamKind,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub enum ParamKind {
    /// A number between two bounds, both allowed.
    Number {
        /// When not given.
        default: f64,
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
    },
    /// The discount of training: `RunInfo::gamma` when not given, 0.99 when the run does not say. From 0 to 1.
    Discount,
    /// The name of a field, logged or derived.
    Field {
        /// When not given.
        default: &'static str,
    },
    /// One of some words.
    Choice {
        /// The words; the first is the default.
        of: &'static [&'static str],
    },
}

/// The discount assumed when a run does not say its own.
pub const GAMMA_DEFAULT: f64 = 0.99;

/// The discount, of the derivations that have one.
pub(crate) const GAMMA: Param = Param {
    name: "gamma",
    doc: "γ, the discount; the run's own when it says so (RunInfo::gamma)",
    kind: ParamKind::Discount,
};

/// λ of generalised advantage estimation.
pub(crate) const LAMBDA: Param = Param {
    name: "lambda",
    doc: "λ: 0 trusts the critic after one step, 1 only the rewards",
    kind: ParamKind::Number { default: 0.95, min: 0.0, max: 1.0 },
};

impl Param {
    /// The value when not given, for a run with this discount.
    pub fn default_value(&self, gamma: Option<f64>) -> ParamValue {
        match self.kind {
            ParamKind::Number { default, .. } => default.into(),
            ParamKind::Discount => gamma.unwrap_or(GAMMA_DEFAULT).into(),
            ParamKind::Field { default } => default.into(),
            ParamKind::Choice { of } => of[0].into(),
        }
    }

    fn check(&self, field: &str, value: &ParamValue) -> Result<ParamValue> {
        let fail = |expected: String| Error::BadParam {
            field: field.to_owned(),
            param: self.name.to_owned(),
            expected,
            found: match value {
                ParamValue::Number(number) => number.to_string(),
                ParamValue::Text(text) => format!("{:?}", text.chars().take(64).collect::<String>()),
            },
        };
        let number = |min: f64, max: f64| {
            let given = match value {
                ParamValue::Number(number) => Some(*number),
                ParamValue::Text(text) => text.trim().parse().ok(),
            };
            match given {
                Some(given) if (min..=max).contains(&given) => Ok(ParamValue::Number(given)),
                _ => Err(fail(format!("a number from {min} to {max}"))),
            }
        };
        match (self.kind, value) {
            (ParamKind::Number { min, max, .. }, _) => number(min, max),
            (ParamKind::Discount, _) => number(0.0, 1.0),
            (ParamKind::Field { .. }, ParamValue::Text(text)) if !text.is_empty() && text.len() <= 512 => {
                Ok(value.clone())
            }
            (ParamKind::Field { .. }, _) => Err(fail("the name of a field".into())),
            (ParamKind::Choice { of }, ParamValue::Text(text)) if of.contains(&text.as_str()) => Ok(value.clone()),
            (ParamKind::Choice { of }, _) => Err(fail(format!("one of {}", of.join(", ")))),
        }
    }
}

/// Fills in defaults and checks what was given; `gamma` is the run's own discount.
pub(crate) fn resolve(field: &str, known: &[Param], given: &Params, gamma: Option<f64>) -> Result<Params> {
    if let Some((name, value)) = given.iter().find(|(name, _)| known.iter().all(|param| param.name != **name)) {
        let names: Vec<_> = known.iter().map(|param| param.name).collect();
        return Err(Error::BadParam {
            field: field.to_owned(),
            param: name.chars().take(64).collect(),
            expected: if names.is_empty() { "no parameters".into() } else { format!("one of {}", names.join(", ")) },
            found: value.to_string().chars().take(64).collect(),
        });
    }
    known
        .iter()
        .map(|param| {
            let value = given.get(param.name).cloned().unwrap_or_else(|| param.default_value(gamma));
            Ok((param.name.to_owned(), param.check(field, &value)?))
        })
        .collect()
}

/// A number among resolved parameters.
pub(crate) fn number(resolved: &Params, name: &str) -> f64 {
    match resolved.get(name) {
        Some(ParamValue::Number(value)) => *value,
        other => unreachable!("parameter {name} was resolved to a number, found {other:?}"),
    }
}

/// A text among resolved parameters.
pub(crate) fn text<'a>(resolved: &'a Params, name: &str) -> &'a str {
    match resolved.get(name) {
        Some(ParamValue::Text(value)) => value,
        other => unreachable!("parameter {name} was resolved to a text, found {other:?}"),
    }
}
