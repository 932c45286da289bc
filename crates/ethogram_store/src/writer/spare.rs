//! Memory of pictures that were encoded, for those to come.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Buffers that lie ready. Fresh memory for each picture would cost a page fault every 4 kB of it, in the training loop.
#[derive(Debug, Default)]
pub(super) struct SpareBuffers(Mutex<Spare>);

#[derive(Debug, Default)]
struct Spare {
    buffers: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl SpareBuffers {
    /// Most bytes that lie ready: two groups of pictures of 600×400.
    const BYTES_MAX: usize = 32 << 20;

    /// A buffer of exactly this length, holding anything; `None` when there is none.
    pub(super) fn take(&self, length: usize) -> Option<Vec<u8>> {
        let mut spare = self.lock();
        let found = spare.buffers.iter().rposition(|buffer| buffer.len() == length)?;
        spare.bytes -= length;
        spare.buffers.swap_remove_back(found)
    }

    /// Keeps a buffer; the oldest go when there are too many, for pictures of their size may come no more.
    pub(super) fn give(&self, buffer: Vec<u8>) {
        let mut spare = self.lock();
        spare.bytes += buffer.len();
        spare.buffers.push_back(buffer);
        while spare.bytes > Self::BYTES_MAX {
            let Some(oldest) = spare.buffers.pop_front() else { break };
            spare.bytes -= oldest.len();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Spare> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_found_by_length_and_bounded_in_bytes() {
        let spare = SpareBuffers::default();
        spare.give(vec![1; 2_000]);
        spare.give(vec![2; 1_000]);
        assert_eq!(spare.take(3_000), None);
        assert_eq!(spare.take(2_000), Some(vec![1; 2_000]));
        assert_eq!(spare.take(2_000), None);
        for _ in 0..40 {
            spare.give(vec![3; 1 << 20]);
        }
        assert_eq!(spare.take(1_000), None, "the oldest went");
        assert_eq!((0..40).filter(|_| spare.take(1 << 20).is_some()).count(), 32);
        assert_eq!(spare.lock().bytes, 0);
    }
}
