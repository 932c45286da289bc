//! Pictures and numbers of steps as a film: arrays in, an mp4 or a gif out. It knows nothing of runs.
//!
//! A [`Scene`] says where the picture, the words and the bars are, and draws one [`Moment`] after another on a [`Canvas`]. A [`Film`]
//! takes each canvas and writes the file as it goes, so that a film of ten thousand steps needs no more memory than one of ten.
//!
//! Nothing has to be installed: H.264 comes with the encoder that is compiled in, and the words with a font of our own.
//! What a film shows is exact where it can be: pixels of pictures are enlarged by whole numbers, and a bar ends at the pixel that its
//! value is nearest to.

mod bars;
mod canvas;
mod colour_maps;
mod colours;
mod error;
mod film;
mod film_times;
mod gif;
#[cfg(test)]
mod golden;
mod h264;
mod heat;
mod heat_look;
mod limits;
mod mp4;
mod number;
mod open_h264;
mod panel;
mod picture;
mod scene;
mod theme;
mod type_face;
mod yuv;

pub use bars::{Axis, Bars, LANES_SHOWN, Lane, Scale};
pub use canvas::{Canvas, Rect, Rgb};
pub use colour_maps::{COLOUR_MAPS, ColourMap};
pub use error::{Error, Result};
pub use film::{Film, Format, Segment, SegmentEncoder};
pub use film_times::FilmTimes;
pub use heat::{Heat, OUTLIERS_DEFAULT, OUTLIERS_MAX, Sign, lay_heads};
pub use heat_look::{Blend, HeatLook};
pub use limits::{FILM_BYTES_MAX, FPS_MAX, FPS_MIN, FRAMES_MAX, GIF_FPS_MAX, SCALE_MAX, SHORT_SIDE_MAX, SIDE_MAX};
pub use number::text_from_number;
pub use picture::Picture;
pub use scene::{Layout, Moment, Scene, SceneSpec};
pub use theme::ink_of_slot;
