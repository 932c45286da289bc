//! The server over real connections.

mod any_bytes;
#[path = "../../../ethogram_store/tests/it/chance.rs"]
mod chance;
mod connections;
#[path = "../../../ethogram_store/tests/it/corpus.rs"]
mod corpus;
mod fuzzed;
mod http;
mod live;
mod many;
mod routes;
mod runs;
mod safety;
mod web_app;
mod wire;
