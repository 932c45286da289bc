//! What a bench found out, and how it is printed.

use std::io::Write;

use anyhow::Result;
use serde_json::json;

/// What a measure is held to.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    /// `ours / peer` is at most this.
    Ratio(f64),
    /// `ours` is at most this.
    AtMost(f64),
    /// `ours` is at least this.
    AtLeast(f64),
}

/// One number of ours, and the same of a peer.
#[derive(Clone, Debug)]
pub struct Measure {
    /// `BENCH/WHAT`.
    pub name: String,
    /// Ours.
    pub ours: f64,
    /// The peer's; `None` where there is none.
    pub peer: Option<f64>,
    /// Of both.
    pub unit: &'static str,
    /// `None` when it is told for what it is.
    pub bar: Option<Bar>,
}

impl Measure {
    /// A number without peer and bar.
    pub fn new(name: impl Into<String>, ours: f64, unit: &'static str) -> Self {
        Self { name: name.into(), ours, peer: None, unit, bar: None }
    }

    /// The same beside a peer.
    #[must_use]
    pub fn against(self, peer: f64) -> Self {
        Self { peer: Some(peer), ..self }
    }

    /// The same held to a bar.
    #[must_use]
    pub fn bar(self, bar: Bar) -> Self {
        Self { bar: Some(bar), ..self }
    }

    /// Ours over the peer's.
    pub fn ratio(&self) -> Option<f64> {
        self.peer.map(|peer| self.ours / peer)
    }

    /// Whether the bar is met; `None` without bar, or where the peer of a ratio is missing.
    pub fn met(&self) -> Option<bool> {
        Some(match self.bar? {
            Bar::Ratio(most) => self.ratio()? <= most,
            Bar::AtMost(most) => self.ours <= most,
            Bar::AtLeast(least) => self.ours >= least,
        })
    }
}

/// A line of JSON a measure.
pub fn print_json(measures: &[Measure]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for measure in measures {
        let Measure { name, ours, peer, unit, .. } = measure;
        let line = json!({ "name": name, "ours": ours, "peer": peer, "unit": unit, "ratio": measure.ratio() });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// A table for people, bars included.
pub fn print_table(measures: &[Measure]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let width = measures.iter().map(|measure| measure.name.len()).max().unwrap_or(0);
    writeln!(out, "{:width$}  {:>12} {:>12}  {:10} {:>9}  bar", "", "ours", "peer", "unit", "ratio")?;
    for measure in measures {
        let Measure { name, ours, peer, unit, .. } = measure;
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), significant);
        let bar = match measure.bar {
            Some(Bar::Ratio(most)) => format!("ratio <= {}", significant(most)),
            Some(Bar::AtMost(most)) => format!("<= {}", significant(most)),
            Some(Bar::AtLeast(least)) => format!(">= {}", significant(least)),
            None => String::new(),
        };
        let verdict = match measure.met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let (ours, peer, ratio) = (significant(*ours), number(*peer), number(measure.ratio()));
        writeln!(out, "{name:width$}  {ours:>12} {peer:>12}  {unit:10} {ratio:>9}  {bar:16} {verdict}")?;
    }
    Ok(())
}

/// Three digits that mean something.
fn significant(value: f64) -> String {
    let digits = if value == 0.0 || !value.is_finite() { 0.0 } else { value.abs().log10().floor() };
    let decimals = (2.0 - digits).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_or_missed_or_cannot_be_told() {
        let measure = Measure::new("x", 2.0, "us");
        let check = |measure: Measure, expected| assert_eq!(measure.met(), expected, "{measure:?}");
        check(measure.clone(), None);
        check(measure.clone().bar(Bar::AtMost(2.0)), Some(true));
        check(measure.clone().bar(Bar::AtLeast(3.0)), Some(false));
        check(measure.clone().bar(Bar::Ratio(0.5)), None);
        check(measure.clone().against(4.0).bar(Bar::Ratio(0.5)), Some(true));
        check(measure.against(3.0).bar(Bar::Ratio(0.5)), Some(false));
    }

    #[test]
    fn three_digits() {
        let check = |value, expected: &str| assert_eq!(significant(value), expected);
        check(0.0, "0.00");
        check(0.012_345, "0.0123");
        check(1.234, "1.23");
        check(12_345.6, "12346");
    }
}
