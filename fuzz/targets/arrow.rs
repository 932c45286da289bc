//! Any bytes as an episode of a data set of Minari, in Arrow's format.
#![no_main]

#[path = "../../crates/ethogram_import/tests/it/events.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod events;
#[path = "../../crates/ethogram_import/tests/it/fuzzed.rs"]
#[expect(dead_code, reason = "other targets need the rest")]
mod fuzzed;
mod seeds;

libfuzzer_sys::fuzz_target!(init: seeds::begin(fuzzed::datasets), |bytes: &[u8]| {
    fuzzed::dataset(bytes);
});
