//! Non-negative factors of real activations, against scikit-learn.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use ethogram_analysis::{NmfParams, Points, nmf};
use serde_json::json;

use super::floats::floats;
use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use crate::root::root;
use crate::statistics::median;

/// What the golden test of `ethogram_analysis` takes apart; the bench takes it a hundred times.
const FIXTURE: &str = "crates/ethogram_analysis/testdata/nmf-pong-a3c-80M-seed000.f32";
const WIDTH: usize = 32;
const FACTORS: usize = 6;
/// Ours takes at most this share of the peer's time, and errs at most so much more.
const BAR: f64 = 1.0 / 3.0;
const ERROR: f64 = 1.02;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let rows = lab.folder().join("rows.f32").display().to_string();
    let fixture = root().join(FIXTURE).display().to_string();
    let (width, factors) = (WIDTH.to_string(), FACTORS.to_string());
    lab.python("nmf.py", &["rows", &fixture, &width, &rows])?;
    let mut found: [[Vec<f64>; 3]; 2] = Default::default();
    for _ in 0..lab.rounds {
        let said = [lines(&mut lab.child(&[&rows])?)?, lab.python("nmf.py", &[&rows, &width, &factors])?];
        for (found, said) in found.iter_mut().zip(said) {
            let said = said.first().context("nothing was said")?;
            for (found, name) in found.iter_mut().zip(["secs", "error", "rounds"]) {
                found.push(number(said, name)?);
            }
        }
    }
    let measure = |at: usize, name: &str, unit| {
        Measure::new(format!("nmf/{name}"), median(&found[0][at]), unit).against(median(&found[1][at]))
    };
    Ok(vec![
        measure(0, "1,200,000 × 32, 6 factors", "s").bar(Bar::Ratio(BAR)),
        measure(1, "relative error", "of 1").bar(Bar::Ratio(ERROR)),
        measure(2, "rounds", ""),
    ])
}

/// Takes the rows apart by us.
pub fn child(args: &[String]) -> Result<()> {
    let [rows] = args else { bail!("expected a file, found {args:?}") };
    let values = floats(Path::new(rows))?;
    let begun = Instant::now();
    let found = nmf(Points::new(&values, WIDTH)?, &NmfParams { factors: FACTORS, ..NmfParams::default() })?;
    let secs = begun.elapsed().as_secs_f64();
    println!("{}", json!({ "secs": secs, "error": found.relative_error, "rounds": found.rounds }));
    Ok(())
}
