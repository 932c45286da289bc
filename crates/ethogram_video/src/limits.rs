//! Every size that comes from outside, in one place. Errors name the limit they hit.

/// Frames of one film: more than an hour and a half at 30 a second.
pub const FRAMES_MAX: u64 = 200_000;
/// Pixels of the longer side of a film: what H.264 players take.
pub const SIDE_MAX: u32 = 3_840;
/// Pixels of the shorter side of a film.
pub const SHORT_SIDE_MAX: u32 = 2_160;
/// Bytes of one film. Also what a table of 32-bit offsets can hold.
pub const FILM_BYTES_MAX: u64 = 2 << 30;
/// Fewest frames a second.
pub const FPS_MIN: f64 = 0.5;
/// Most frames a second.
pub const FPS_MAX: f64 = 120.0;
/// Most frames a second of a gif: players show shorter ones for a tenth of a second.
pub const GIF_FPS_MAX: f64 = 50.0;
/// How often a pixel of a picture is repeated in each direction, at most.
pub const SCALE_MAX: u32 = 32;
