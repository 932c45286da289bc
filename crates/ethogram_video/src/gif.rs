//! Frames as a gif: only what changed is written, and with all its colours wherever there are no more than 255 of them.

use std::io::Write;

use gif::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};

use crate::colours::Colours;
use crate::{Canvas, Error, FILM_BYTES_MAX, Rect, Result, Rgb};

/// Colours of one frame; the 256th stands for what did not change.
const COLOURS: usize = 255;
const UNCHANGED: u8 = 255;

/// A file being written.
pub(crate) struct Gif<W: Write> {
    encoder: Encoder<Counted<W>>,
    fps: f64,
    frames: u64,
    /// What is on the screen of whoever plays it, as it came.
    before: Option<Canvas>,
}

impl<W: Write> Gif<W> {
    pub fn new(sink: W, width: u32, height: u32, fps: f64) -> Result<Self> {
        let mut encoder =
            Encoder::new(Counted { sink, written: 0 }, width as u16, height as u16, &[]).map_err(failed)?;
        encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
        Ok(Self { encoder, fps, frames: 0, before: None })
    }

    /// Adds a frame.
    pub fn frame(&mut self, canvas: &Canvas) -> Result<()> {
        let changed = match &self.before {
            None => Rect { x: 0, y: 0, width: canvas.width(), height: canvas.height() },
            // A frame in which nothing changed is a pixel of nothing, so that the frames are as many as the steps.
            Some(before) => changed_part(before, canvas).unwrap_or(Rect { width: 1, height: 1, ..Rect::default() }),
        };
        // Hundredths of a second, spread so that the sum stays true.
        let at = |frame: u64| (frame as f64 * 100.0 / self.fps).round();
        let delay = at(self.frames + 1) - at(self.frames);
        let (palette, buffer) = indexed(canvas, self.before.as_ref(), changed);
        let frame = Frame {
            delay: delay as u16,
            dispose: DisposalMethod::Keep,
            transparent: self.before.is_some().then_some(UNCHANGED),
            left: changed.x as u16,
            top: changed.y as u16,
            width: changed.width as u16,
            height: changed.height as u16,
            palette: Some(palette),
            buffer: buffer.into(),
            ..Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(failed)?;
        self.frames += 1;
        match &mut self.before {
            Some(before) => before.clone_from(canvas),
            None => self.before = Some(canvas.clone()),
        }
        let found = self.encoder.get_ref().written;
        if found > FILM_BYTES_MAX {
            let (what, hint) = ("bytes of the film (FILM_BYTES_MAX)", "film a smaller range, or as mp4");
            return Err(Error::TooLarge { what, limit: FILM_BYTES_MAX, found, hint });
        }
        Ok(())
    }

    pub fn finish(self) -> Result<W> {
        let mut counted = self.encoder.into_inner().map_err(failed)?;
        counted.sink.flush()?;
        Ok(counted.sink)
    }
}

/// The smallest rectangle outside of which two canvases are equal; `None` when they are equal everywhere.
fn changed_part(before: &Canvas, now: &Canvas) -> Option<Rect> {
    let bytes = 3 * now.width() as usize;
    let rows = || before.rgb().chunks_exact(bytes).zip(now.rgb().chunks_exact(bytes));
    let differs = |(a, b): (&[u8], &[u8])| a != b;
    let top = rows().position(differs)?;
    let bottom = rows().rposition(differs)? + 1;
    let (mut left, mut right) = (bytes, 0);
    for (a, b) in rows().take(bottom).skip(top) {
        if let Some(first) = a.iter().zip(b).position(|(a, b)| a != b) {
            left = left.min(first);
            right = right.max(a.iter().zip(b).rposition(|(a, b)| a != b).map_or(0, |last| last + 1));
        }
    }
    let (left, right) = (left / 3, right.div_ceil(3));
    Some(Rect { x: left as u32, y: top as u32, width: (right - left) as u32, height: (bottom - top) as u32 })
}

/// A palette, and a number a pixel of the part of `now`; pixels that are as `before` have the number of what did not change.
fn indexed(now: &Canvas, before: Option<&Canvas>, part: Rect) -> (Vec<u8>, Vec<u8>) {
    let row_of = |canvas: &Canvas, y: u32| {
        let start = 3 * (y as usize * canvas.width() as usize + part.x as usize);
        start..start + 3 * part.width as usize
    };
    // The pixels that changed, and where they lie in the part.
    let mut changed: Vec<(u32, Rgb)> = Vec::new();
    for y in part.y..part.bottom() {
        let row = now.rgb()[row_of(now, y)].chunks_exact(3);
        let old = before.map(|before| &before.rgb()[row_of(before, y)]);
        let at = (y - part.y) * part.width;
        for (x, pixel) in row.enumerate() {
            if old.is_none_or(|old| old[3 * x..3 * x + 3] != *pixel) {
                changed.push((at + x as u32, Rgb([pixel[0], pixel[1], pixel[2]])));
            }
        }
    }
    let colours = Colours::of(changed.iter().map(|(_, pixel)| *pixel), COLOURS);
    let mut buffer = vec![UNCHANGED; (part.width * part.height) as usize];
    let black = Rgb([0; 3]);
    let (mut last, mut number) = (black, colours.number(black));
    for (at, pixel) in changed {
        if pixel != last {
            (last, number) = (pixel, colours.number(pixel));
        }
        buffer[at as usize] = number;
    }
    let mut palette: Vec<u8> = colours.palette.iter().flat_map(|colour| colour.0).collect();
    // All 256 entries, so that the number of what did not change is one of them.
    palette.resize(3 * 256, 0);
    (palette, buffer)
}

/// Counts what goes through.
struct Counted<W> {
    sink: W,
    written: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.sink.flush()
    }
}

fn failed(error: EncodingError) -> Error {
    match error {
        EncodingError::Io(error) => Error::Io(error),
        other => Error::Encoder { what: "gif", why: other.to_string() },
    }
}
