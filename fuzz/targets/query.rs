//! Any bytes as the query or the body of a route of the server, by the first byte.
#![no_main]

use std::sync::OnceLock;

use tokio::runtime::Runtime;

#[path = "../../crates/ethogram_server/tests/it/fuzzed.rs"]
mod fuzzed;
#[path = "../../crates/ethogram_server/tests/it/http.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod http;
#[path = "../../crates/ethogram_server/tests/it/runs.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod runs;
mod seeds;

static SERVED: OnceLock<(Runtime, tempfile::TempDir, http::Served)> = OnceLock::new();

fn begin() -> (Runtime, tempfile::TempDir, http::Served) {
    let runtime = Runtime::new().expect("a runtime");
    let root = tempfile::tempdir().expect("a folder");
    runs::finished(root.path());
    let options = ethogram_server::ServeOptions::default();
    let served = runtime.block_on(http::Served::start(&[root.path().to_owned()], options));
    (runtime, root, served)
}

libfuzzer_sys::fuzz_target!(init: seeds::begin(fuzzed::questions), |bytes: &[u8]| {
    let (runtime, _, served) = SERVED.get_or_init(begin);
    runtime.block_on(fuzzed::ask(served, bytes));
});
