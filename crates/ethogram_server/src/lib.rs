//! HTTP, events and the embedded web app. `docs/http.md` is the contract.
//!
//! [`Server::bind`] takes a workbench and listens; [`Server::run`] answers until it is told to stop. Routes read through the
//! workbench on a bounded number of workers; one loop asks live runs whether they grew and announces it, and the browser
//! asks again for what it shows. This is the only crate that knows HTTP and JSON; [`wire`] has what travels.

mod answer;
mod app;
mod cancel;
pub mod columns;
mod connections;
pub mod error;
mod etag;
pub mod events;
mod extract;
mod frame_origin;
pub mod frames;
pub mod limits;
mod map_parts;
mod params;
pub mod parts;
mod places;
mod plugins;
mod pool;
pub mod report;
mod router;
mod routes;
mod run_request;
pub mod safety;
mod serve;
mod token;
mod ui;
pub mod video_parts;
mod watch;
pub mod wire;

pub use connections::Patience;
pub use frame_origin::FrameOrigin;
pub use serve::{DEFAULT_PORT, ServeError, ServeOptions, Server};
pub use token::Token;
pub use ui::Ui;
