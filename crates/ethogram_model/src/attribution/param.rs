//! Settings of methods: what each may be, and what was chosen.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// Describes one setting of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// As people write it: `steps`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// What it may be.
    pub kind: ParamKind,
}

/// What a setting may be, and what it is when nobody says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    /// A whole number between two bounds, both allowed.
    Integer {
        /// When not given.
        default: i64,
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A number between two bounds, both allowed.
    Float {
        /// When not given.
        default: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// One of some words; the first when not given.
    Choice {
        /// The words.
        of: &'static [&'static str],
    },
    /// `true` or `false`.
    Bool {
        /// When not given.
        default: bool,
    },
}

/// One setting, chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A word.
    Choice(&'static str),
    /// Yes or no.
    Bool(bool),
}

/// Every setting of a method, checked, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(BTreeMap<&'static str, Setting>);

impl Param {
    /// A whole number.
    pub const fn integer(name: &'static str, [default, min, max]: [i64; 3], doc: &'static str) -> Self {
        Param { name, doc, kind: ParamKind::Integer { default, min, max } }
    }

    /// A number.
    pub const fn float(name: &'static str, [default, min, max]: [f64; 3], doc: &'static str) -> Self {
        Param { name, doc, kind: ParamKind::Float { default, min, max } }
    }

    /// One of some words, the usual one first.
    pub const fn choice(name: &'static str, of: &'static [&'static str], doc: &'static str) -> Self {
        Param { name, doc, kind: ParamKind::Choice { of } }
    }

    /// What it is when nobody says.
    pub fn default(&self) -> Setting {
        match self.kind {
            ParamKind::Integer { default, .. } => Setting::Integer(default),
            ParamKind::Float { default, .. } => Setting::Float(default),
            ParamKind::Choice { of } => Setting::Choice(of[0]),
            ParamKind::Bool { default } => Setting::Bool(default),
        }
    }

    /// What it may be, for messages.
    pub fn expected(&self) -> String {
        match self.kind {
            ParamKind::Integer { min, max, .. } => format!("a whole number from {min} to {max}"),
            ParamKind::Float { min, max, .. } => format!("a number from {min} to {max}"),
            ParamKind::Choice { of } => format!("one of {}", of.join(", ")),
            ParamKind::Bool { .. } => "true or false".to_owned(),
        }
    }

    fn read(&self, text: &str) -> Result<Setting> {
        let number = || text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let read = match self.kind {
            // 50.0 is a whole number too: languages without integers write it so.
            ParamKind::Integer { min, max, .. } => {
                let whole = number().filter(|number| number.fract() == 0.0);
                whole.filter(|number| (min as f64..=max as f64).contains(number)).map(|n| Setting::Integer(n as i64))
            }
            ParamKind::Float { min, max, .. } => {
                number().filter(|number| (min..=max).contains(number)).map(Setting::Float)
            }
            ParamKind::Choice { of } => of.iter().find(|word| **word == text).map(|word| Setting::Choice(word)),
            ParamKind::Bool { .. } => match text {
                "true" | "True" => Some(Setting::Bool(true)),
                "false" | "False" => Some(Setting::Bool(false)),
                _ => None,
            },
        };
        read.ok_or_else(|| Error::Param {
            param: self.name.to_owned(),
            expected: self.expected(),
            found: text.chars().take(64).collect(),
        })
    }
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Setting::Integer(number) => number.fmt(f),
            Setting::Float(number) => number.fmt(f),
            Setting::Choice(word) => f.write_str(word),
            Setting::Bool(yes) => yes.fmt(f),
        }
    }
}

impl Settings {
    /// Fills in what was not given.
    ///
    /// **Errors**: [`Error::Param`] for a name that is not among `params`, or a value that it cannot have.
    pub fn read(params: &[Param], given: &BTreeMap<String, String>) -> Result<Self> {
        if let Some((name, value)) = given.iter().find(|(name, _)| params.iter().all(|param| param.name != **name)) {
            let names: Vec<&str> = params.iter().map(|param| param.name).collect();
            return Err(Error::Param {
                param: name.chars().take(64).collect(),
                expected: if names.is_empty() { "no settings".into() } else { format!("one of {}", names.join(", ")) },
                found: value.chars().take(64).collect(),
            });
        }
        let settings = params.iter().map(|param| {
            let setting = given.get(param.name).map_or_else(|| Ok(param.default()), |text| param.read(text))?;
            Ok((param.name, setting))
        });
        Ok(Settings(settings.collect::<Result<_>>()?))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Setting)> {
        self.0.iter().map(|(name, setting)| (*name, *setting))
    }

    /// A whole number that the method declares.
    pub fn integer(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Setting::Integer(number)) => *number,
            other => unreachable!("setting {name} is a whole number, found {other:?}"),
        }
    }

    /// A whole number from 0.
    pub fn count(&self, name: &str) -> usize {
        usize::try_from(self.integer(name)).unwrap_or(0)
    }

    /// A number that the method declares.
    pub fn float(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Setting::Float(number)) => *number,
            other => unreachable!("setting {name} is a number, found {other:?}"),
        }
    }

    /// A word that the method declares.
    pub fn choice(&self, name: &str) -> &'static str {
        match self.0.get(name) {
            Some(Setting::Choice(word)) => word,
            other => unreachable!("setting {name} is a word, found {other:?}"),
        }
    }

    /// A word, where the method has such a setting.
    pub fn choice_if_any(&self, name: &str) -> Option<&'static str> {
        self.0.contains_key(name).then(|| self.choice(name))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    const PARAMS: &[Param] = &[
        Param::integer("steps", [50, 1, 100], "points"),
        Param::float("sigma", [0.5, 0.0, 2.0], "spread"),
        Param::choice("rule", &["left", "right"], "which end"),
    ];

    fn read(pairs: &[(&str, &str)]) -> Result<Settings> {
        Settings::read(PARAMS, &pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn what_is_not_given_takes_its_default() {
        let settings = read(&[("steps", "7")]).unwrap();
        assert_eq!((settings.count("steps"), settings.float("sigma"), settings.choice("rule")), (7, 0.5, "left"));
        assert_eq!(read(&[("steps", "7.0")]).unwrap(), settings);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let check = |name: &str, value: &str, text: &str| {
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), text);
        };
        check("steps", "0", r#"setting "steps": expected a whole number from 1 to 100, found 0"#);
        check("steps", "1.5", r#"setting "steps": expected a whole number from 1 to 100, found 1.5"#);
        check("steps", "many", r#"setting "steps": expected a whole number from 1 to 100, found many"#);
        check("sigma", "NaN", r#"setting "sigma": expected a number from 0 to 2, found NaN"#);
        check("rule", "middle", r#"setting "rule": expected one of left, right, found middle"#);
        check("stpes", "3", r#"setting "stpes": expected one of steps, sigma, rule, found 3"#);
    }
}
