//! A few threads that stay from run to run of a network, and share each of its larger steps.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Turns of waiting before a helper lets others have its core, or sleeps when no run is on: some tens of microseconds, which is
/// what waking it would cost.
const SPINS: u32 = 4_000;

/// How long a helper that nobody asks for stays.
const STAYS: Duration = Duration::from_secs(1);

/// Parts of one step. The reference is good for as long as `State::job` holds it or `Shared::busy` counts who took it.
#[derive(Clone, Copy)]
struct Job {
    work: &'static (dyn Fn(usize) + Sync),
    parts: usize,
}

#[derive(Default)]
struct State {
    job: Option<Job>,
    /// Helpers that have not ended.
    helpers: usize,
    /// Those of them that sleep.
    asleep: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wakes: Condvar,
    /// Grows with each job.
    jobs: AtomicUsize,
    /// The next part that nobody has taken.
    next: AtomicUsize,
    /// Helpers that hold the job.
    busy: AtomicUsize,
    /// Whether a run is on, which may bring the next job at any time.
    open: AtomicBool,
    ended: AtomicBool,
    /// Whether a part of the job panicked on another thread.
    panicked: AtomicBool,
}

/// Threads that work side by side.
pub struct Crew<'s> {
    shared: Option<&'s Shared>,
    threads: usize,
}

impl Crew<'_> {
    /// One thread: the caller's.
    pub fn alone() -> Self {
        Crew { shared: None, threads: 1 }
    }

    /// How many, the caller's included.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// `work(part)` for every part, in any order, by any thread. Returns when all are done.
    pub fn run(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let Some(shared) = self.shared.filter(|_| parts > 1) else {
            (0..parts).for_each(work);
            return;
        };
        #[expect(unsafe_code, reason = "the job is taken back before the reference ends")]
        // SAFETY: helpers take the reference only while `job` holds it and are then counted in `busy`, both under the lock; the guard empties
        // `job` and waits until `busy` is 0 before this function returns or unwinds.
        let work = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work) };
        let guard = TakeBack(shared);
        shared.next.store(0, Ordering::Relaxed);
        shared.panicked.store(false, Ordering::Relaxed);
        shared.state().job = Some(Job { work, parts });
        shared.jobs.fetch_add(1, Ordering::Release);
        shared.work_on(work, parts);
        drop(guard);
        assert!(!shared.panicked.load(Ordering::Relaxed), "a part of the work panicked on another thread");
    }
}

/// Ends a job, also when it panics.
struct TakeBack<'s>(&'s Shared);

impl Drop for TakeBack<'_> {
    fn drop(&mut self) {
        self.0.state().job = None;
        let mut spins = 0;
        while self.0.busy.load(Ordering::Acquire) > 0 {
            wait(&mut spins);
        }
    }
}

fn wait(spins: &mut u32) {
    *spins += 1;
    if *spins < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work_on(&self, work: &(dyn Fn(usize) + Sync), parts: usize) {
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return;
            }
            work(part);
        }
    }

    /// Wakes the helpers, and starts those that are missing; without them the caller does all.
    fn begin(self: &Arc<Self>, helpers: usize) {
        self.open.store(true, Ordering::Release);
        let mut state = self.state();
        if state.asleep > 0 {
            self.wakes.notify_all();
        }
        while state.helpers < helpers {
            let shared = Arc::clone(self);
            let name = "ethogram crew".to_owned();
            if std::thread::Builder::new().name(name).spawn(move || shared.help()).is_err() {
                return;
            }
            state.helpers += 1;
        }
    }

    /// What a helper does until the end, or until nobody has asked for long.
    fn help(&self) {
        let (mut seen, mut spins) = (0, 0);
        while !self.ended.load(Ordering::Acquire) {
            let jobs = self.jobs.load(Ordering::Acquire);
            if jobs == seen {
                wait(&mut spins);
                if spins >= SPINS && !self.open.load(Ordering::Acquire) {
                    if !self.sleep() {
                        return;
                    }
                    spins = 0;
                }
                continue;
            }
            (seen, spins) = (jobs, 0);
            let job = {
                let state = self.state();
                if state.job.is_some() {
                    self.busy.fetch_add(1, Ordering::Acquire);
                }
                state.job
            };
            if let Some(Job { work, parts }) = job {
                if catch_unwind(AssertUnwindSafe(|| self.work_on(work, parts))).is_err() {
                    self.panicked.store(true, Ordering::Relaxed);
                }
                self.busy.fetch_sub(1, Ordering::Release);
            }
        }
    }

    /// Until a run begins. False when none did, and the helper is to go.
    fn sleep(&self) -> bool {
        let idle = |_: &mut State| !self.open.load(Ordering::Acquire) && !self.ended.load(Ordering::Acquire);
        let mut state = self.state();
        state.asleep += 1;
        let (mut state, waited) =
            self.wakes.wait_timeout_while(state, STAYS, idle).unwrap_or_else(PoisonError::into_inner);
        state.asleep -= 1;
        if waited.timed_out() {
            state.helpers -= 1;
        }
        !waited.timed_out()
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        let _state = self.state();
        self.wakes.notify_all();
    }
}

/// Helpers between runs: awake for a moment, for the next question often comes at once, then asleep, then gone.
#[derive(Default)]
pub struct Crews(Mutex<Vec<(usize, Arc<Shared>)>>);

impl Crews {
    /// Calls `body` with a crew of so many threads.
    pub fn with<R>(&self, threads: usize, body: impl FnOnce(&Crew<'_>) -> R) -> R {
        if threads <= 1 {
            return body(&Crew::alone());
        }
        let known = {
            let mut idle = self.idle();
            let place = idle.iter().position(|(of, _)| *of == threads);
            place.map(|place| idle.swap_remove(place).1)
        };
        let borrowed = Borrowed { crews: self, threads, shared: known.unwrap_or_default() };
        borrowed.shared.begin(threads - 1);
        body(&Crew { shared: Some(&borrowed.shared), threads })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(usize, Arc<Shared>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Crews {
    fn drop(&mut self) {
        self.idle().iter().for_each(|(_, shared)| shared.end());
    }
}

impl std::fmt::Debug for Crews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crews({})", self.idle().len())
    }
}

/// Gives a crew back when the run ends, also when it panics.
struct Borrowed<'c> {
    crews: &'c Crews,
    threads: usize,
    shared: Arc<Shared>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.shared.open.store(false, Ordering::Release);
        self.crews.idle().push((self.threads, Arc::clone(&self.shared)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        let crews = Crews::default();
        for threads in [1, 2, 5, 2] {
            crews.with(threads, |crew| {
                for parts in [0, 1, 3, 50] {
                    let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    crew.run(parts, &|part| {
                        counts[part].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{threads} threads");
                }
            });
        }
        assert_eq!(crews.idle().len(), 2, "those of two and of five");
    }

    #[test]
    fn helpers_sleep_between_runs_and_come_again() {
        let crews = Crews::default();
        let of_helpers = || crews.idle().iter().map(|(_, shared)| Arc::clone(shared)).next();
        for _ in 0..2 {
            // Two parts that wait for each other, so both threads must take one.
            let here = AtomicUsize::new(0);
            crews.with(2, |crew| {
                crew.run(2, &|_| {
                    here.fetch_add(1, Ordering::SeqCst);
                    while here.load(Ordering::SeqCst) < 2 {
                        std::thread::yield_now();
                    }
                });
            });
            let shared = of_helpers().expect("the crew is given back");
            while shared.state().asleep == 0 {
                std::thread::yield_now();
            }
        }
        let shared = of_helpers().expect("the crew is given back");
        assert_eq!(shared.state().helpers, 1, "the same helper both times");
        drop(crews);
        // The helper lets go of what it shares once the crews are dropped.
        while Arc::strong_count(&shared) > 1 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_panic_of_a_part_reaches_the_caller_and_the_crew_goes_on() {
        let crews = Crews::default();
        for _ in 0..20 {
            let ended = catch_unwind(AssertUnwindSafe(|| {
                crews.with(3, |crew| crew.run(20, &|part| assert!(part != 7, "part 7")));
            }));
            assert!(ended.is_err());
            let done = AtomicUsize::new(0);
            crews.with(3, |crew| {
                crew.run(20, &|_| {
                    done.fetch_add(1, Ordering::Relaxed);
                });
            });
            assert_eq!(done.load(Ordering::Relaxed), 20);
        }
    }
}
