//! The server over real connections.

mod http;
mod live;
mod many;
mod routes;
mod runs;
mod safety;
mod web_app;
mod wire;
