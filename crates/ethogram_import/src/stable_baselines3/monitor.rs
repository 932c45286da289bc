//! `*.monitor.csv`: an episode a row, a file an environment.

use std::collections::BTreeMap;

use ethogram_store::{EpisodeEnd, EpisodeRow, Result};
use serde_json::{Map, Value};

use super::FORMAT;
use crate::config::value_from_text;
use crate::lines::{HEAD_BYTES_MAX, Lines, cells, number};
use crate::part::{Folder, Part};
use crate::tables::Tables;

/// Most episodes of a run.
const EPISODES_MAX: usize = 10_000_000;

/// Columns that every Monitor has: return, length, and seconds since the environment was made.
const COLUMNS: [&str; 3] = ["r", "l", "t"];

/// Whether a file of this name is one.
pub fn is_monitor_file(name: &str) -> bool {
    name == "monitor.csv" || name.ends_with(".monitor.csv")
}

/// The Monitor files of a run: together they hold its episodes.
#[derive(Default)]
pub struct Monitors {
    files: BTreeMap<String, Monitor>,
    tables: Tables,
}

#[derive(Default)]
struct Monitor {
    lines: Lines,
    head: Vec<String>,
    /// Seconds since 1970 at which the environment was made.
    began: f64,
    env_id: Option<String>,
    /// Rows that are new.
    rows: Vec<Row>,
    /// Steps and time up to the last row.
    steps: u64,
    ended_us: i64,
    unsound: u64,
}

struct Row {
    episode_return: f64,
    length: u64,
    /// Steps of the same environment before it.
    before: u64,
    started_us: i64,
    ended_us: i64,
    env_index: u32,
    /// Columns that not every Monitor has.
    extra: Option<Box<Map<String, Value>>>,
}

impl Part for Monitors {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn catch_up(&mut self, folder: &Folder, budget: u64) -> Result<()> {
        let listed: Vec<_> = folder.files.iter().filter(|file| is_monitor_file(&file.name)).collect();
        if self.files.keys().any(|name| listed.iter().all(|file| file.name != *name)) {
            *self = Self::default();
        }
        if self.is_behind() && budget == u64::MAX {
            // Episodes are numbered in the order in which they ended, over all files.
            *self = Self::default();
        }
        let budget = budget.max(HEAD_BYTES_MAX);
        let mut anew = false;
        for (at, file) in listed.iter().enumerate() {
            let env_index = file.name.split('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(at as u32);
            let monitor = self.files.entry(file.name.clone()).or_default();
            anew |= monitor.read(&folder.locate(file), env_index, budget)?;
        }
        if anew {
            // A file was replaced: which of the episodes were its own is not known any more.
            *self = Self::default();
            return self.catch_up(folder, budget);
        }
        self.join();
        Ok(())
    }

    fn is_behind(&self) -> bool {
        self.files.values().any(|monitor| monitor.lines.is_behind())
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }
}

impl Monitors {
    /// Numbers the new episodes in the order in which they ended.
    fn join(&mut self) {
        let environments = self.files.len().max(1) as u64;
        let mut rows: Vec<Row> =
            self.files.values_mut().flat_map(|monitor| std::mem::take(&mut monitor.rows)).collect();
        rows.sort_by_key(|row| (row.ended_us, row.env_index));
        self.tables.episodes.reserve(rows.len().min(EPISODES_MAX));
        for row in rows {
            if self.tables.episodes.len() >= EPISODES_MAX {
                self.tables.lost.note("", "episodes", "there are more than 10 million");
                break;
            }
            self.tables.episodes.push(EpisodeRow {
                episode: self.tables.episodes.len() as u64,
                env_index: row.env_index,
                agent: None,
                seed: None,
                end: EpisodeEnd::Unknown,
                episode_return: row.episode_return,
                length: row.length,
                // Environments side by side step together, so that the run made as many steps in each.
                global_step: row.before.saturating_mul(environments) as i64,
                started_us: row.started_us,
                ended_us: Some(row.ended_us),
                recorded: false,
                evaluation: false,
                checkpoint: None,
                env_return: None,
                extra: row.extra.map(|extra| *extra).unwrap_or_default(),
            });
        }
        let about = &mut self.tables.about;
        about.num_envs = (!self.files.is_empty()).then_some(environments as u32);
        about.env_id = self.files.values().find_map(|monitor| monitor.env_id.clone());
        let began = self.files.values().map(|monitor| monitor.began).filter(|began| *began > 0.0);
        about.created_us =
            began.fold(None, |least: Option<f64>, began| Some(least.map_or(began, |least| least.min(began)))).map(us);
        for (name, monitor) in &mut self.files {
            for _ in 0..std::mem::take(&mut monitor.unsound).min(1_000) {
                self.tables.lost.note(name, "a row", "expected the return, length and time that the head names");
            }
        }
    }
}

impl Monitor {
    /// Reads the rows that are new; true when others were read of the file before, which was replaced.
    fn read(&mut self, path: &std::path::Path, env_index: u32, budget: u64) -> Result<bool> {
        let mut lines = std::mem::take(&mut self.lines);
        let was_read = lines != Lines::default();
        let monitor = std::cell::RefCell::new(&mut *self);
        let mut anew = false;
        let begin = || {
            anew = true;
            **monitor.borrow_mut() = Self::default();
        };
        let read = lines.read_new(path, budget, begin, |line| match line {
            Ok(line) => monitor.borrow_mut().line(line, env_index),
            Err(_) => monitor.borrow_mut().unsound += 1,
        });
        self.lines = lines;
        read.map(|()| anew && was_read)
    }

    fn line(&mut self, line: &str, env_index: u32) {
        if let Some(header) = line.strip_prefix('#') {
            let header: Value = serde_json::from_str(header).unwrap_or_default();
            self.began = header["t_start"].as_f64().unwrap_or_default();
            self.env_id = header["env_id"].as_str().filter(|id| *id != "None").map(str::to_owned);
            self.ended_us = us(self.began);
            return;
        }
        if line.is_empty() {
            return;
        }
        if let Some([episode_return, length, time]) = three(line).filter(|_| self.head == COLUMNS) {
            self.row(env_index, episode_return, length, time, None);
            return;
        }
        let quoted: Vec<String>;
        let cells: Vec<&str> = if line.contains('"') {
            quoted = cells(line);
            quoted.iter().map(String::as_str).collect()
        } else {
            line.split(',').collect()
        };
        let is_head = COLUMNS.iter().all(|name| cells.contains(name));
        if is_head {
            self.head = cells.into_iter().map(str::to_owned).collect();
            return;
        }
        let cell = |name: &str| {
            let at = self.head.iter().position(|known| known == name)?;
            cells.get(at).copied().and_then(number)
        };
        let (Some(episode_return), Some(length), Some(time)) = (cell("r"), cell("l"), cell("t")) else {
            self.unsound += 1;
            return;
        };
        let is_other = |(name, _): &(&String, &&str)| !COLUMNS.contains(&name.as_str());
        let others = self.head.iter().zip(&cells).filter(is_other).filter(|(_, cell)| !cell.is_empty());
        let extra: Map<_, _> = others.map(|(name, cell)| (name.clone(), value_from_text(cell))).collect();
        let extra = (!extra.is_empty()).then(|| Box::new(extra));
        self.row(env_index, episode_return, length, time, extra);
    }

    fn row(
        &mut self,
        env_index: u32,
        episode_return: f64,
        length: f64,
        time: f64,
        extra: Option<Box<Map<String, Value>>>,
    ) {
        // Floats become integers by saturation.
        let (length, ended_us) = (length as u64, us(self.began + time));
        let started_us = self.ended_us.min(ended_us);
        self.rows.push(Row { episode_return, length, before: self.steps, started_us, ended_us, env_index, extra });
        self.steps = self.steps.saturating_add(length);
        self.ended_us = ended_us;
    }
}

/// The numbers of a row that has no others than return, length and time, as most; `None` for any other.
fn three(line: &str) -> Option<[f64; 3]> {
    let mut numbers = line.split(',').map(number);
    let found = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(found)
}

fn us(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}
