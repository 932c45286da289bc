//! A file that grows frame by frame.

use std::io::Write;

use crate::gif::Gif;
use crate::h264::{Described, H264, Unit};
use crate::mp4::Mp4;
use crate::{Canvas, Error, FPS_MAX, FPS_MIN, GIF_FPS_MAX, Result, SHORT_SIDE_MAX, SIDE_MAX};

/// Seconds between frames that stand alone: players can jump there, and segments begin there.
const SEGMENT_SECS: f64 = 4.0;

/// What kind of file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// H.264 in an mp4 file: what every player and slide show takes.
    #[default]
    Mp4,
    /// A gif: larger, but shown wherever pictures are.
    Gif,
}

impl Format {
    /// Every format, in the order that people see.
    pub const ALL: [Self; 2] = [Self::Mp4, Self::Gif];

    /// `mp4` or `gif`: also how the names of its files end.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Gif => "gif",
        }
    }

    /// The inverse of [`Format::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name))
    }

    /// For HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Gif => "image/gif",
        }
    }

    /// **Errors**: it cannot show so many frames a second.
    pub fn check_fps(self, fps: f64) -> Result<()> {
        let most = match self {
            Self::Mp4 => FPS_MAX,
            Self::Gif => GIF_FPS_MAX,
        };
        if (FPS_MIN..=most).contains(&fps) {
            return Ok(());
        }
        let expected = format!("{FPS_MIN} to {most} frames a second of {}", self.name());
        Err(Error::BadOption { option: "fps", expected, found: fps.to_string() })
    }
}

/// A film that is being written to `W`, which need not be able to go back. What is held in memory does not grow with its length, but for
/// eight bytes a frame.
///
/// Frames are added one after the other. Where [`Film::segment_frames`] says so they may instead be encoded in segments, several at once
/// on as many threads, each by an encoder of its own, and be added in order.
pub struct Film<W: Write> {
    width: u32,
    height: u32,
    fps: f64,
    kind: Kind<W>,
}

enum Kind<W: Write> {
    Mp4 { encoder: Option<Box<SegmentEncoder>>, file: Mp4<W>, described: Option<Described> },
    Gif(Gif<W>),
}

impl<W: Write> Film<W> {
    /// Begins a film of frames of these sides.
    ///
    /// # Errors
    /// A side that is odd, which H.264 cannot hold, or over [`SIDE_MAX`] or [`SHORT_SIDE_MAX`]; frames a second outside of the format's.
    pub fn new(sink: W, format: Format, width: u32, height: u32, fps: f64) -> Result<Self> {
        format.check_fps(fps)?;
        check_sides(width, height)?;
        let kind = match format {
            Format::Mp4 => Kind::Mp4 { encoder: None, file: Mp4::new(sink, width, height, fps)?, described: None },
            Format::Gif => Kind::Gif(Gif::new(sink, width, height, fps)?),
        };
        Ok(Self { width, height, fps, kind })
    }

    /// How many frames a segment has, all but the last; `None` for a format whose frames must come one after the other.
    pub fn segment_frames(&self) -> Option<u64> {
        match self.kind {
            Kind::Mp4 { .. } => Some(frames_of_segment(self.fps)),
            Kind::Gif(_) => None,
        }
    }

    /// Adds a frame.
    pub fn frame(&mut self, canvas: &Canvas) -> Result<()> {
        check_canvas(canvas, self.width, self.height)?;
        let (width, height, fps) = (self.width, self.height, self.fps);
        match &mut self.kind {
            Kind::Gif(file) => file.frame(canvas),
            Kind::Mp4 { encoder, .. } => {
                let mut segment = match encoder.take() {
                    Some(segment) => segment,
                    None => Box::new(SegmentEncoder::new(width, height, fps)?),
                };
                segment.frame(canvas)?;
                if segment.frames() == frames_of_segment(fps) {
                    return self.append(segment.finish());
                }
                *encoder = Some(segment);
                Ok(())
            }
        }
    }

    /// Adds the next segment.
    pub fn append(&mut self, segment: Segment) -> Result<()> {
        let Kind::Mp4 { file, described, .. } = &mut self.kind else {
            return Err(Error::Encoder { what: "gif", why: "its frames come one after the other".to_owned() });
        };
        for unit in &segment.units {
            file.frame(&unit.bytes, unit.is_key)?;
        }
        match described {
            None => *described = Some(segment.described),
            // One description serves all frames of a file.
            Some(first) if segment.units.is_empty() || *first == segment.described => {}
            Some(_) => {
                return Err(Error::Encoder { what: "H.264", why: "it described two segments differently".to_owned() });
            }
        }
        Ok(())
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(mut self) -> Result<W> {
        if let Kind::Mp4 { encoder, .. } = &mut self.kind
            && let Some(segment) = encoder.take()
        {
            self.append(segment.finish())?;
        }
        match self.kind {
            Kind::Gif(file) => file.finish(),
            Kind::Mp4 { file, described, .. } => {
                let Described { sequence, picture } = described.unwrap_or_default();
                file.finish(&sequence, &picture)
            }
        }
    }
}

/// Encodes one segment of an mp4: frames of which the first stands alone.
pub struct SegmentEncoder {
    width: u32,
    height: u32,
    encoder: H264,
    units: Vec<Unit>,
}

/// Encoded frames, to be added to their film.
pub struct Segment {
    units: Vec<Unit>,
    described: Described,
}

impl SegmentEncoder {
    /// For a film of these sides.
    pub fn new(width: u32, height: u32, fps: f64) -> Result<Self> {
        check_sides(width, height)?;
        Ok(Self { width, height, encoder: H264::new(width, height, fps)?, units: Vec::new() })
    }

    /// Adds a frame.
    pub fn frame(&mut self, canvas: &Canvas) -> Result<()> {
        check_canvas(canvas, self.width, self.height)?;
        self.units.push(self.encoder.encode(canvas)?);
        Ok(())
    }

    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.units.len() as u64
    }

    /// Ends the segment.
    pub fn finish(self) -> Segment {
        Segment { units: self.units, described: self.encoder.described }
    }
}

fn frames_of_segment(fps: f64) -> u64 {
    (fps * SEGMENT_SECS).round().max(1.0) as u64
}

fn check_canvas(canvas: &Canvas, width: u32, height: u32) -> Result<()> {
    if (canvas.width(), canvas.height()) == (width, height) {
        return Ok(());
    }
    Err(Error::ShapeMismatch {
        what: "pixels of a frame",
        expected: format!("{width} × {height}"),
        found: format!("{} × {}", canvas.width(), canvas.height()),
    })
}

/// **Errors**: no film has such sides.
pub(crate) fn check_sides(width: u32, height: u32) -> Result<()> {
    if !width.is_multiple_of(2) || !height.is_multiple_of(2) || width < 16 || height < 16 {
        let expected = "even sides of 16 pixels or more".to_owned();
        return Err(Error::BadOption { option: "size", expected, found: format!("{width} × {height}") });
    }
    let hint = "film at a smaller scale, or fewer bars";
    let over = |what, side: u32, limit: u32| {
        let (limit, found) = (u64::from(limit), u64::from(side));
        if found > limit { Err(Error::TooLarge { what, limit, found, hint }) } else { Ok(()) }
    };
    over("pixels of the film's longer side (SIDE_MAX)", width.max(height), SIDE_MAX)?;
    over("pixels of the film's shorter side (SHORT_SIDE_MAX)", width.min(height), SHORT_SIDE_MAX)
}
