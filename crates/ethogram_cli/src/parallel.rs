//! The same work on many runs, several at a time.

/// Runs that are worked on side by side: those in an object store wait for answers, not for the processor.
const AT_ONCE: usize = 16;

/// What `of` makes of each item, in their order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    ethogram_query::in_parallel(items, AT_ONCE, of)
}
