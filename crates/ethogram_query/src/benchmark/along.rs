//! What curves run over.

use std::str::FromStr;

/// What curves run over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Along {
    /// Global steps.
    #[default]
    Steps,
    /// Microseconds since the run began. Pauses count.
    Time,
}

impl Along {
    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Along::Steps => "steps",
            Along::Time => "time",
        }
    }
}

impl FromStr for Along {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = [Along::Steps, Along::Time].into_iter().find(|along| along.name() == text);
        named.ok_or_else(|| format!("expected steps or time, found {text:?}"))
    }
}
