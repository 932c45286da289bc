//! Any bytes as the description of a space.
#![no_main]

#[path = "../../crates/ethogram_store/tests/it/fuzzed.rs"]
#[expect(dead_code, reason = "other targets need the rest")]
mod fuzzed;
mod seeds;

libfuzzer_sys::fuzz_target!(init: seeds::begin(fuzzed::spaces), |bytes: &[u8]| {
    fuzzed::space(bytes);
});
