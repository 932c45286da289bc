//! The boxes of an mp4 file around encoded frames.
//!
//! Written from front to back, so that the file can be sent while it is made: frames in chunks of their own `mdat`, and the tables that
//! say where each lies at the end. Every frame is shown for equally long.
//!
//! **Source** ISO/IEC 14496-12 (boxes), 14496-15 (`avcC`).

use std::io::Write;

use crate::{Error, FILM_BYTES_MAX, Result};

/// Frames of one chunk at most, and its bytes, about: what is held in memory.
const CHUNK_FRAMES: usize = 64;
const CHUNK_BYTES: usize = 1 << 20;
/// Ticks of one frame. The time scale is so many times the frames a second, which thus may be fractions of thousandths.
const FRAME_TICKS: u32 = 1_000;
/// Neither turned nor moved: the identity, in 16.16 and 2.30.
const UNTURNED: [u32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];

/// A file being written.
pub(crate) struct Mp4<W> {
    sink: W,
    written: u64,
    width: u32,
    height: u32,
    ticks_a_second: u32,
    /// Of the chunk that is not written yet.
    chunk: Vec<u8>,
    chunk_frames: u32,
    /// Where each chunk begins, and how many frames it has.
    chunks: Vec<(u32, u32)>,
    sizes: Vec<u32>,
    /// Numbers, from 1, of the frames that stand alone.
    keys: Vec<u32>,
}

impl<W: Write> Mp4<W> {
    pub fn new(sink: W, width: u32, height: u32, fps: f64) -> Result<Self> {
        let ticks_a_second = (fps * f64::from(FRAME_TICKS)).round() as u32;
        let mut film = Self {
            sink,
            written: 0,
            width,
            height,
            ticks_a_second,
            chunk: Vec::new(),
            chunk_frames: 0,
            chunks: Vec::new(),
            sizes: Vec::new(),
            keys: Vec::new(),
        };
        let mut head = Boxes::default();
        head.boxed(*b"ftyp", |b| {
            b.bytes(b"isom");
            b.u32(0x200);
            b.bytes(b"isomiso2avc1mp41");
        });
        film.write(&head.0)?;
        Ok(film)
    }

    /// Adds an encoded frame.
    pub fn frame(&mut self, bytes: &[u8], is_key: bool) -> Result<()> {
        self.sizes.push(bytes.len() as u32);
        if is_key {
            self.keys.push(self.sizes.len() as u32);
        }
        self.chunk.extend_from_slice(bytes);
        self.chunk_frames += 1;
        if self.chunk_frames as usize >= CHUNK_FRAMES || self.chunk.len() >= CHUNK_BYTES {
            self.end_chunk()?;
        }
        Ok(())
    }

    /// Writes what is held back, and the tables. `sequence` and `picture` are the descriptions of the stream.
    pub fn finish(mut self, sequence: &[u8], picture: &[u8]) -> Result<W> {
        self.end_chunk()?;
        let tables = self.tables(sequence, picture);
        self.write(&tables)?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn end_chunk(&mut self) -> Result<()> {
        if self.chunk_frames == 0 {
            return Ok(());
        }
        let mut head = Boxes::default();
        head.u32(self.chunk.len() as u32 + 8);
        head.bytes(b"mdat");
        self.write(&head.0)?;
        self.chunks.push((self.written as u32, self.chunk_frames));
        let chunk = std::mem::take(&mut self.chunk);
        self.write(&chunk)?;
        self.chunk = chunk;
        self.chunk.clear();
        self.chunk_frames = 0;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let found = self.written + bytes.len() as u64;
        if found > FILM_BYTES_MAX {
            let (what, hint) = ("bytes of the film (FILM_BYTES_MAX)", "film a smaller range, or at a smaller scale");
            return Err(Error::TooLarge { what, limit: FILM_BYTES_MAX, found, hint });
        }
        self.sink.write_all(bytes)?;
        self.written = found;
        Ok(())
    }

    fn tables(&self, sequence: &[u8], picture: &[u8]) -> Vec<u8> {
        let scale = self.ticks_a_second;
        let duration = self.sizes.len() as u32 * FRAME_TICKS;
        let mut all = Boxes::default();
        all.boxed(*b"moov", |b| {
            b.full(*b"mvhd", 0, |b| {
                b.u32s(&[0, 0, scale, duration, 1 << 16]);
                b.u16s(&[0x100, 0]);
                b.u32s(&[0, 0]);
                b.u32s(&UNTURNED);
                b.u32s(&[0; 6]);
                b.u32(2);
            });
            b.boxed(*b"trak", |b| {
                // Enabled, in the film, in its preview.
                b.full(*b"tkhd", 7, |b| {
                    b.u32s(&[0, 0, 1, 0, duration, 0, 0]);
                    b.u16s(&[0; 4]);
                    b.u32s(&UNTURNED);
                    b.u32s(&[self.width << 16, self.height << 16]);
                });
                b.boxed(*b"mdia", |b| {
                    b.full(*b"mdhd", 0, |b| {
                        b.u32s(&[0, 0, scale, duration]);
                        // `und`: no language.
                        b.u16s(&[0x55c4, 0]);
                    });
                    b.full(*b"hdlr", 0, |b| {
                        b.u32(0);
                        b.bytes(b"vide");
                        b.u32s(&[0; 3]);
                        b.bytes(b"ethogram\0");
                    });
                    b.boxed(*b"minf", |b| self.media(b, sequence, picture));
                });
            });
        });
        all.0
    }

    fn media(&self, b: &mut Boxes, sequence: &[u8], picture: &[u8]) {
        b.full(*b"vmhd", 1, |b| b.u16s(&[0; 4]));
        b.boxed(*b"dinf", |b| {
            b.full(*b"dref", 0, |b| {
                b.u32(1);
                // The frames lie in this very file.
                b.full(*b"url ", 1, |_| {});
            });
        });
        b.boxed(*b"stbl", |b| {
            b.full(*b"stsd", 0, |b| {
                b.u32(1);
                b.boxed(*b"avc1", |b| self.sample_entry(b, sequence, picture));
            });
            b.full(*b"stts", 0, |b| b.u32s(&[1, self.sizes.len() as u32, FRAME_TICKS]));
            b.full(*b"stss", 0, |b| {
                b.u32(self.keys.len() as u32);
                b.u32s(&self.keys);
            });
            b.full(*b"stsc", 0, |b| {
                // One entry where the number of frames of a chunk changes.
                let mut runs: Vec<[u32; 3]> = Vec::new();
                for (index, &(_, frames)) in self.chunks.iter().enumerate() {
                    if runs.last().is_none_or(|run| run[1] != frames) {
                        runs.push([index as u32 + 1, frames, 1]);
                    }
                }
                b.u32(runs.len() as u32);
                b.u32s(runs.as_flattened());
            });
            b.full(*b"stsz", 0, |b| {
                b.u32s(&[0, self.sizes.len() as u32]);
                b.u32s(&self.sizes);
            });
            b.full(*b"stco", 0, |b| {
                b.u32(self.chunks.len() as u32);
                self.chunks.iter().for_each(|chunk| b.u32(chunk.0));
            });
        });
    }

    fn sample_entry(&self, b: &mut Boxes, sequence: &[u8], picture: &[u8]) {
        b.u16s(&[0, 0, 0, 1, 0, 0]);
        b.u32s(&[0; 3]);
        b.u16s(&[self.width as u16, self.height as u16]);
        // 72 dots an inch.
        b.u32s(&[0x48_0000, 0x48_0000, 0]);
        b.u16(1);
        b.bytes(&[0; 32]);
        b.u16s(&[24, u16::MAX]);
        b.boxed(*b"avcC", |b| {
            // Version 1; profile, compatibility and level as the stream has them; lengths of four bytes; one description of each kind.
            b.bytes(&[1]);
            b.bytes(sequence.get(1..4).unwrap_or(&[0; 3]));
            b.bytes(&[0xff, 0xe1]);
            b.u16(sequence.len() as u16);
            b.bytes(sequence);
            b.bytes(&[1]);
            b.u16(picture.len() as u16);
            b.bytes(picture);
        });
        // BT.709 in limited range, as `yuv` makes it.
        b.boxed(*b"colr", |b| {
            b.bytes(b"nclx");
            b.u16s(&[1, 1, 1]);
            b.bytes(&[0]);
        });
    }
}

/// Nested boxes, big-endian.
#[derive(Default)]
struct Boxes(Vec<u8>);

impl Boxes {
    /// A box around what `fill` writes.
    fn boxed(&mut self, kind: [u8; 4], fill: impl FnOnce(&mut Self)) {
        let at = self.0.len();
        self.u32(0);
        self.bytes(&kind);
        fill(self);
        let bytes = (self.0.len() - at) as u32;
        self.0[at..at + 4].copy_from_slice(&bytes.to_be_bytes());
    }

    /// A box of version 0 with flags.
    fn full(&mut self, kind: [u8; 4], flags: u32, fill: impl FnOnce(&mut Self)) {
        self.boxed(kind, |b| {
            b.u32(flags);
            fill(b);
        });
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn u16(&mut self, number: u16) {
        self.bytes(&number.to_be_bytes());
    }

    fn u16s(&mut self, numbers: &[u16]) {
        for number in numbers {
            self.u16(*number);
        }
    }

    fn u32(&mut self, number: u32) {
        self.bytes(&number.to_be_bytes());
    }

    fn u32s(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.u32(*number);
        }
    }
}
