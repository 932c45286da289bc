//! The same work on many items, several at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Items that are worked on side by side: those in an object store wait for answers, not for the processor.
const AT_ONCE: usize = 16;

/// What `of` makes of each item, in their order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
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
        let threads: Vec<_> = (0..items.len().min(AT_ONCE)).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(own) => own,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_order_is_that_of_the_items() {
        let items: Vec<u64> = (0..200).collect();
        let squares = super::in_parallel(&items, |item| item * item);
        assert!(squares.iter().zip(&items).all(|(square, item)| *square == item * item) && squares.len() == 200);
        assert_eq!(super::in_parallel(&[], |item: &u64| *item), Vec::<u64>::new());
    }
}
