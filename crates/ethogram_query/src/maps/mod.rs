//! Maps of states: steps of runs as points, laid out so that alike ones lie near each other.
//!
//! [`MapRequest`] says which steps, by which numbers and how; [`Workbench::plan_map`](crate::Workbench::plan_map) looks whether that can be
//! had, [`MapPlan::read`] reads the numbers, and [`StateMap::lay_out`] moves the points. The mathematics is that of `ethogram_analysis`.

mod alignment;
mod cache;
mod choices;
mod colours;
mod layout;
mod lengths;
mod map;
mod method;
mod moving;
mod pictures;
mod plan;
mod request;
mod rows;
mod selection;
mod steering;
mod supervision;
mod words;

pub use cache::MAPS_BYTES_MAX;
pub(crate) use cache::Maps;
pub use choices::{MapChoices, MapColour, MapOf};
pub use colours::MapField;
pub use layout::{Layout as MapLayout, News as MapNews};
pub use map::{LeftOut, StateMap};
pub use method::{MAP_METHODS, MapMethod};
pub use pictures::{MAP_PICTURE_SIDE_MAX, MAP_PICTURES_MAX, MapPicture, MapPictures};
pub use plan::MapPlan;
pub use request::{MAP_POINTS_MAX, MAP_SOURCES_MAX, MAP_VALUES_BYTES_MAX, MapRequest, MapSource};
pub use selection::Place as MapPlace;
pub use steering::Steer as MapSteer;
pub use supervision::MAP_LABELS_MAX;
pub use words::MAP_WORDS_MAX;
