//! Blocks of objects in memory.

use crate::object::cache::{BLOCK_BYTES, BlockCache};

#[test]
fn the_cache_answers_what_was_stored_and_stays_within_its_bound() {
    let object: Vec<u8> = (0..5 * BLOCK_BYTES as usize + 77).map(|i| (i / 1000) as u8).collect();
    let cache = BlockCache::new(2 * BLOCK_BYTES as usize + 100);
    let length = object.len() as u64;
    let fetched = std::cell::Cell::new(0);
    let read = |range: std::ops::Range<u64>| {
        let bytes = cache.read("a", length, range.clone(), |range| {
            fetched.set(fetched.get() + range.end - range.start);
            Ok(bytes::Bytes::copy_from_slice(&object[range.start as usize..range.end as usize]))
        });
        assert_eq!(bytes.expect("bytes"), &object[range.start as usize..range.end as usize], "{range:?}");
        assert!(cache.bytes() <= 2 * BLOCK_BYTES as usize + 100);
    };
    read(5..10);
    read(9..200);
    assert_eq!(fetched.get(), BLOCK_BYTES, "one block serves both");
    for range in [0..length, length - 1..length, BLOCK_BYTES - 1..BLOCK_BYTES + 1, 3 * BLOCK_BYTES..4 * BLOCK_BYTES] {
        read(range);
    }
    let short = cache.read("b", length, 0..10, |_| Ok(bytes::Bytes::from_static(b"abc")));
    assert!(short.is_err_and(|error| error.is_corrupt()));
}
