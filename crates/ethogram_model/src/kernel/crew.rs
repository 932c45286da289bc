//! A few threads that stay for one run of a network, and share each of its larger steps.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Turns of waiting before a helper lets others have its core.
const SPINS: u32 = 4_000;

/// Parts of one step. The reference is good for as long as `Shared::job` holds it or `Shared::busy` counts who took it.
#[derive(Clone, Copy)]
struct Job {
    work: &'static (dyn Fn(usize) + Sync),
    parts: usize,
}

#[derive(Default)]
struct Shared {
    job: Mutex<Option<Job>>,
    /// Grows with each job.
    jobs: AtomicUsize,
    /// The next part that nobody has taken.
    next: AtomicUsize,
    /// Helpers that hold the job.
    busy: AtomicUsize,
    ended: AtomicBool,
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
        *shared.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(Job { work, parts });
        shared.jobs.fetch_add(1, Ordering::Release);
        shared.work_on(work, parts);
        drop(guard);
    }
}

/// Ends a job, also when it panics.
struct TakeBack<'s>(&'s Shared);

impl Drop for TakeBack<'_> {
    fn drop(&mut self) {
        *self.0.job.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let mut spins = 0;
        while self.0.busy.load(Ordering::Acquire) > 0 {
            wait(&mut spins);
        }
    }
}

/// Ends the helpers, also when the caller panics.
struct End<'s>(&'s Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
    }
}

/// One helper less at the job, also when it panics.
struct Leave<'s>(&'s Shared);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Release);
    }
}

fn wait(spins: &mut u32) {
    *spins += 1;
    if *spins < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
}

impl Shared {
    fn work_on(&self, work: &(dyn Fn(usize) + Sync), parts: usize) {
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return;
            }
            work(part);
        }
    }

    /// What a helper does until the end.
    fn help(&self) {
        let (mut seen, mut spins) = (0, 0);
        while !self.ended.load(Ordering::Acquire) {
            let jobs = self.jobs.load(Ordering::Acquire);
            if jobs == seen {
                wait(&mut spins);
                continue;
            }
            (seen, spins) = (jobs, 0);
            let job = {
                let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
                if job.is_some() {
                    self.busy.fetch_add(1, Ordering::Acquire);
                }
                *job
            };
            if let Some(Job { work, parts }) = job {
                let _leave = Leave(self);
                self.work_on(work, parts);
            }
        }
    }
}

/// Calls `body` with a crew of so many threads.
pub fn with_crew<R>(threads: usize, body: impl FnOnce(&Crew<'_>) -> R) -> R {
    if threads <= 1 {
        return body(&Crew::alone());
    }
    let shared = Shared::default();
    std::thread::scope(|scope| {
        let _end = End(&shared);
        for _ in 1..threads {
            scope.spawn(|| shared.help());
        }
        body(&Crew { shared: Some(&shared), threads })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        for threads in [1, 2, 5] {
            with_crew(threads, |crew| {
                for parts in [0, 1, 3, 50] {
                    let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    crew.run(parts, &|part| {
                        counts[part].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{threads} threads");
                }
            });
        }
    }

    #[test]
    fn a_panic_of_a_part_ends_the_crew() {
        let ended = std::panic::catch_unwind(|| {
            with_crew(3, |crew| crew.run(20, &|part| assert!(part != 7, "part 7")));
        });
        assert!(ended.is_err());
    }
}
