//! Any bytes as an ONNX file: read, built, run, differentiated.
#![no_main]

#[path = "../../crates/ethogram_model/tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::run(bytes);
});
