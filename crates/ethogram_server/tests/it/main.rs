//! The server over real connections.

mod connections;
mod http;
mod live;
mod many;
mod routes;
mod runs;
mod safety;
mod web_app;
mod wire;
