//! What `ethogram embed` is made of: its settings, the table of points, and the files it becomes.

mod csv;
mod npz;
pub mod png;
mod projector;
mod settings;
mod sprite;
mod table;

pub use csv::write_csv;
pub use npz::write_npz;
pub use projector::write_projector;
pub use settings::MapSettings;
pub use sprite::Sprite;
pub use table::Table;
