//! How far work is that goes through phases: a bar on a terminal, nothing elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Parts of a phase that the bar knows.
const TICKS: u64 = 1_000;

/// The phase, and how much of it is done.
pub struct Phases {
    bar: ProgressBar,
    now: Mutex<&'static str>,
}

impl Phases {
    /// Before the first phase.
    #[expect(clippy::new_without_default, reason = "it draws")]
    pub fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:32} {percent}%  {msg}");
            let bar = ProgressBar::new(TICKS).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { bar, now: Mutex::new("") }
    }

    /// A share, from 0 to 1, of a phase is done.
    pub fn tell(&self, phase: &'static str, share: f64) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *now, phase) != phase {
            self.bar.set_message(phase);
        }
        self.bar.set_position((share * TICKS as f64) as u64);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
