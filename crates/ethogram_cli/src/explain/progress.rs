//! How far it is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::text::{text_from_count, text_from_number};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// What was done of how many steps.
pub struct Progress {
    total: u64,
    done: AtomicU64,
    /// Steps that were computed just now and not kept before: what the rate is of.
    computed: AtomicU64,
    start: Instant,
    bar: Option<ProgressBar>,
    told: Mutex<Instant>,
}

impl Progress {
    /// Nothing done of `total` steps.
    pub fn new(total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:32} {human_pos} of {human_len} steps  {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(total).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let start = Instant::now();
        Self { total, done: AtomicU64::new(0), computed: AtomicU64::new(0), start, bar, told: Mutex::new(start) }
    }

    /// Some more steps are done, so many of which were kept before.
    pub fn advance(&self, steps: u64, recalled: usize) {
        let done = self.done.fetch_add(steps, Ordering::Relaxed) + steps;
        let fresh = steps.saturating_sub(recalled as u64);
        let computed = self.computed.fetch_add(fresh, Ordering::Relaxed) + fresh;
        let text = rate_text(computed, self.total - done.min(self.total), self.start.elapsed());
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(text);
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= LINE_EVERY {
            *told = Instant::now();
            eprintln!("{} of {} steps  {text}", text_from_count(done as i64), text_from_count(self.total as i64));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// For example `120 steps/s, 2 min left`; nothing while nothing was computed.
fn rate_text(computed: u64, left: u64, elapsed: Duration) -> String {
    let rate = computed as f64 / elapsed.as_secs_f64().max(1e-3);
    if computed == 0 {
        return String::new();
    }
    let left = Duration::from_secs_f64((left as f64 / rate).min(1e9));
    format!("{} steps/s, {} left", text_from_number(rate), text_from_duration(left))
}

/// For example `1.5 s`, `3 min`.
pub fn text_from_duration(duration: Duration) -> String {
    let secs = duration.as_secs_f64();
    match secs {
        ..1.0 => format!("{:.0} ms", secs * 1e3),
        ..60.0 => format!("{secs:.1} s"),
        ..3_600.0 => format!("{:.0} min", secs / 60.0),
        _ => format!("{:.1} h", secs / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_durations_read_well() {
        assert_eq!(rate_text(0, 100, Duration::from_secs(1)), "");
        assert_eq!(rate_text(120, 240, Duration::from_secs(2)), "60 steps/s, 4.0 s left");
        let texts =
            [5, 1_500, 59_000, 90_000, 5_400_000].map(|millis| text_from_duration(Duration::from_millis(millis)));
        assert_eq!(texts, ["5 ms", "1.5 s", "59.0 s", "2 min", "1.5 h"]);
    }
}
