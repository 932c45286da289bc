//! HTTP, events and the embedded web app. `docs/http.md` is the contract.

pub mod columns;
pub mod error;
mod etag;
pub mod events;
pub mod frames;
pub mod limits;
mod params;
mod pool;
pub mod safety;
mod token;
mod ui;

pub use token::Token;
pub use ui::Ui;
