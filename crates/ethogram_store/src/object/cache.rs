//! Blocks of immutable objects, the latest used kept in memory.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use crate::Result;

/// Objects are fetched and kept in blocks of this size.
pub(super) const BLOCK_BYTES: u64 = 256 << 10;

/// A bounded cache of blocks.
#[derive(Debug)]
pub(super) struct BlockCache {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    blocks: HashMap<(String, u64), (Bytes, u64)>,
    bytes: usize,
    clock: u64,
}

impl BlockCache {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// A part of an object of `length` bytes that holds all of `range`. Neighbouring blocks that are not kept are fetched in one go.
    pub(super) fn read(
        &self,
        path: &str,
        length: u64,
        range: Range<u64>,
        fetch: impl Fn(Range<u64>) -> Result<Bytes>,
    ) -> Result<Bytes> {
        let blocks = range.start / BLOCK_BYTES..range.end.div_ceil(BLOCK_BYTES);
        let mut found: Vec<Option<Bytes>> = blocks.clone().map(|block| self.get(path, block)).collect();
        let mut at = 0;
        while at < found.len() {
            if found[at].is_some() {
                at += 1;
                continue;
            }
            let missing = found[at..].iter().take_while(|block| block.is_none()).count();
            let first = (blocks.start + at as u64) * BLOCK_BYTES;
            let last = ((blocks.start + (at + missing) as u64) * BLOCK_BYTES).min(length);
            let bytes = fetch(first..last)?;
            if bytes.len() as u64 != last - first {
                return Err(crate::files::too_short(path.into(), &(first..last), first + bytes.len() as u64));
            }
            for slot in 0..missing {
                let start = slot * BLOCK_BYTES as usize;
                let block = bytes.slice(start..(start + BLOCK_BYTES as usize).min(bytes.len()));
                // A copy: else one small block would keep all that was fetched with it.
                let block = if missing > 1 { Bytes::copy_from_slice(&block) } else { block };
                self.put(path, blocks.start + (at + slot) as u64, block.clone());
                found[at + slot] = Some(block);
            }
            at += missing;
        }
        let offset = (range.start - blocks.start * BLOCK_BYTES) as usize;
        let wanted = (range.end - range.start) as usize;
        let whole = match found.as_slice() {
            [Some(only)] => only.clone(),
            _ => found
                .into_iter()
                .flatten()
                .fold(BytesMut::new(), |mut all, block| {
                    all.extend_from_slice(&block);
                    all
                })
                .freeze(),
        };
        Ok(whole.slice(offset..offset + wanted))
    }

    fn get(&self, path: &str, block: u64) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let clock = kept.clock;
        let (bytes, used) = kept.blocks.get_mut(&(path.to_owned(), block))?;
        *used = clock;
        Some(bytes.clone())
    }

    fn put(&self, path: &str, block: u64, bytes: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = kept.clock;
        kept.bytes += bytes.len();
        if let Some((old, _)) = kept.blocks.insert((path.to_owned(), block), (bytes, clock)) {
            kept.bytes -= old.len();
        }
        if kept.bytes <= self.limit {
            return;
        }
        // Well below the bound, so that this is seldom done.
        let mut by_age: Vec<(u64, (String, u64))> =
            kept.blocks.iter().map(|(key, (_, used))| (*used, key.clone())).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if kept.bytes <= self.limit / 4 * 3 {
                break;
            }
            if let Some((bytes, _)) = kept.blocks.remove(&key) {
                kept.bytes -= bytes.len();
            }
        }
    }

    /// Bytes that are kept.
    pub(super) fn bytes(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}
