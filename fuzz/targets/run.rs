//! Any bytes as a file of a run, by the first byte a live segment, a commit log, a sealed file or a manifest, with right checksums.
#![no_main]

use std::cell::OnceCell;

#[path = "../../crates/ethogram_store/tests/it/fuzzed.rs"]
#[expect(dead_code, reason = "other targets need the rest")]
mod fuzzed;
#[path = "../../crates/ethogram_store/tests/it/fuzzed_run.rs"]
mod fuzzed_run;
mod seeds;
#[path = "../../crates/ethogram_store/tests/it/support.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod support;

use fuzzed_run::{Ground, Part};

thread_local! {
    static GROUND: OnceCell<Ground> = const { OnceCell::new() };
}

fn originals() -> Vec<Vec<u8>> {
    let ground = Ground::new();
    let of = |(index, part): (usize, &Part)| {
        let files = ground.originals(*part).into_iter();
        files.map(|file| [&[index as u8], &*file].concat()).collect::<Vec<_>>()
    };
    Part::ALL.iter().enumerate().flat_map(of).collect()
}

libfuzzer_sys::fuzz_target!(init: seeds::begin(originals), |bytes: &[u8]| {
    GROUND.with(|ground| ground.get_or_init(Ground::new).read_any(bytes));
});
