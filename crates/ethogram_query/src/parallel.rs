//! The same work on many items, several at a time.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most threads of work that takes processors, whoever asks for it: other questions wait beside it.
const THREADS_MAX: usize = 8;

/// How many threads work that takes processors is dealt out to.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX)
}

/// What `of` makes of each item, in their order; `at_once` of them at a time.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], at_once: usize, of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let count = items.len().min(at_once);
    if count <= 1 {
        return items.iter().map(of).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return own };
            own.push((at, of(item)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..count).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(own) => own,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().chain(own).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_items() {
        let items: Vec<u64> = (0..200).collect();
        for at_once in [0, 1, 2, 16, 500] {
            let squares = in_parallel(&items, at_once, |item| item * item);
            assert!(squares.iter().zip(&items).all(|(square, item)| *square == item * item) && squares.len() == 200);
            assert_eq!(in_parallel(&[], at_once, |item: &u64| *item), Vec::<u64>::new());
        }
    }

    #[test]
    fn as_many_are_at_work_as_was_said() {
        let barrier = std::sync::Barrier::new(3);
        // Nobody goes on before three are there.
        let leaders = in_parallel(&[(); 6], 3, |()| barrier.wait().is_leader());
        assert_eq!(leaders.iter().filter(|leader| **leader).count(), 2);
    }
}
