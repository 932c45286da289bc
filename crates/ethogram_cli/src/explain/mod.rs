//! What `ethogram explain` is made of: which steps, how far it is, what came of it.

mod episodes;
mod interrupt;
mod outcome;
mod plan;
mod progress;
mod settings;

pub use episodes::Episodes;
pub use interrupt::stop_at_interrupt;
pub use outcome::{INTERRUPTED, Outcome};
pub use plan::{Chunk, Plan};
pub use progress::{Progress, text_from_duration};
pub use settings::{Known, Settings, given_of, known_of, with_options};
