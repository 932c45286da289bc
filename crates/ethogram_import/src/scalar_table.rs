//! Tables of numbers, a row a moment: `progress.csv` of Stable-Baselines3 and others, and its twin of JSON lines.

use ethogram_store::{Axis, Result};
use serde_json::Value;

use crate::lines::{HEAD_BYTES_MAX, Lines, cells, number};
use crate::part::{Folder, Part};
use crate::points::{POINTS_FULL, TAGS_FULL};
use crate::tables::Tables;

/// Columns that say at which step a row is, best first.
const STEP_COLUMNS: &[&str] = &[
    "time/total_timesteps",
    "total_timesteps",
    "timesteps_total",
    "num_env_steps_sampled_lifetime",
    "global_step",
    "env_steps",
    "timesteps",
    "timestep",
    "step",
    "Step",
    "_step",
];
/// Columns that say when it was, in seconds since the beginning.
const TIME_COLUMNS: &[&str] = &["time/time_elapsed", "time_elapsed", "time_total_s", "Relative Time (Process)"];
/// Columns that say it in seconds since 1970.
const CLOCK_COLUMNS: &[&str] = &["_timestamp", "timestamp", "wall_time", "Wall time"];

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Names in the first line, then numbers between commas; an empty cell is none.
    Csv,
    /// An object a line.
    JsonLines,
}

/// A table of numbers.
pub struct ScalarTable {
    name: &'static str,
    format: &'static str,
    form: Form,
    lines: Lines,
    rows: Rows,
}

#[derive(Default)]
struct Rows {
    tables: Tables,
    head: Vec<String>,
    count: i64,
    /// When the file was changed last, and the time elapsed at its last row: what is between the two dates the others.
    modified_us: i64,
    waiting: Vec<(usize, i64, Option<f64>, f64)>,
}

impl ScalarTable {
    /// The file `name` of a run.
    pub fn new(name: &'static str, format: &'static str, form: Form) -> Self {
        Self { name, format, form, lines: Lines::default(), rows: Rows::default() }
    }
}

impl Part for ScalarTable {
    fn format(&self) -> &'static str {
        self.format
    }

    fn catch_up(&mut self, folder: &Folder, budget: u64) -> Result<()> {
        let Some(file) = folder.file(self.name) else {
            (self.lines, self.rows) = (Lines::default(), Rows::default());
            return Ok(());
        };
        if self.lines.is_behind() && budget == u64::MAX {
            // Rows are dated from the last one: all of them are read together.
            (self.lines, self.rows) = (Lines::default(), Rows::default());
        }
        let (name, form, budget) = (self.name, self.form, budget.max(HEAD_BYTES_MAX));
        let rows = std::cell::RefCell::new(&mut self.rows);
        let begin = || **rows.borrow_mut() = Rows::default();
        let read = self.lines.read_new(&folder.locate(file), budget, begin, |line| {
            let rows = &mut **rows.borrow_mut();
            match (line, form) {
                (Ok(""), _) => {}
                (Ok(line), Form::Csv) => rows.csv(name, line),
                (Ok(line), Form::JsonLines) => rows.json(name, line),
                (Err(why), _) => rows.tables.lost.note(name, "a line", why),
            }
        });
        self.rows.modified_us = file.modified_us;
        self.rows.settle();
        read
    }

    fn is_behind(&self) -> bool {
        self.lines.is_behind()
    }

    fn tables(&self) -> &Tables {
        &self.rows.tables
    }
}

impl Rows {
    fn csv(&mut self, file: &str, line: &str) {
        let cells = cells(line);
        if self.head.is_empty() {
            self.head = cells;
            return;
        }
        if cells.len() != self.head.len() {
            let what = format!("a row of {} cells", cells.len());
            self.tables.lost.note(file, what, format!("the head names {}", self.head.len()));
            return;
        }
        let head = std::mem::take(&mut self.head);
        let values = head.iter().zip(&cells).filter_map(|(name, cell)| Some((name.as_str(), number(cell)?)));
        self.row(file, &values.collect::<Vec<_>>());
        self.head = head;
    }

    fn json(&mut self, file: &str, line: &str) {
        // What Python writes for numbers that are not finite is no JSON.
        let row = serde_json::from_str::<Value>(line).or_else(|_| {
            let quoted = line.replace("-Infinity", "\"-inf\"").replace("Infinity", "\"inf\"").replace("NaN", "\"nan\"");
            serde_json::from_str(&quoted)
        });
        let Ok(Value::Object(row)) = row else {
            self.tables.lost.note(file, "a line", "it is no JSON object");
            return;
        };
        let number_of = |value: &Value| match value {
            Value::Number(found) => found.as_f64(),
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Value::String(text) if matches!(text.as_str(), "nan" | "inf" | "-inf") => number(text),
            _ => None,
        };
        let values = row.iter().filter_map(|(name, value)| Some((name.as_str(), number_of(value)?)));
        self.row(file, &values.collect::<Vec<_>>());
    }

    fn row(&mut self, file: &str, values: &[(&str, f64)]) {
        let find = |names: &[&str]| names.iter().find_map(|name| values.iter().find(|(known, _)| known == name));
        let step = find(STEP_COLUMNS).filter(|(_, step)| step.is_finite());
        let at = step.map_or(self.count, |(_, step)| *step as i64);
        let elapsed = find(TIME_COLUMNS).map(|(_, seconds)| *seconds).filter(|seconds| seconds.is_finite());
        let clock = find(CLOCK_COLUMNS).map(|(_, seconds)| *seconds).filter(|seconds| *seconds > 1e8);
        self.count += 1;
        for (name, value) in values.iter().filter(|(name, _)| step.is_none_or(|(column, _)| column != name)) {
            let Some(number) = self.tables.scalars.number(Axis::GlobalStep, name) else {
                self.tables.lost.note(file, "points of further columns", TAGS_FULL);
                continue;
            };
            match clock {
                Some(seconds) => self.push(number, at, (seconds * 1e6) as i64, *value),
                None => self.waiting.push((number, at, elapsed, *value)),
            }
        }
    }

    fn push(&mut self, number: usize, step: i64, time_us: i64, value: f64) {
        if !self.tables.scalars.push(number, step, time_us, value) {
            self.tables.lost.note("", "points", POINTS_FULL);
        }
    }

    /// Dates the rows that are new: the last one is as old as the file.
    fn settle(&mut self) {
        let last = self.waiting.iter().filter_map(|(_, _, elapsed, _)| *elapsed).fold(f64::NAN, f64::max);
        for (number, step, elapsed, value) in std::mem::take(&mut self.waiting) {
            let before = elapsed.map_or(0.0, |elapsed| last - elapsed);
            self.push(number, step, self.modified_us.saturating_sub((before * 1e6) as i64), value);
        }
        self.tables.settle();
    }
}
