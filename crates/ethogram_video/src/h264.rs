//! Frames as H.264, with the encoder that is compiled in (docs/decisions/0009).

use crate::open_h264::{Encoder, Settings};
use crate::yuv::Yuv;
use crate::{Canvas, Error, Result};

/// Quantisation, which is all that decides what a film looks like: letters and edges of bars stay sharp.
const QP: (i32, i32) = (22, 24);
/// Not aimed at. It says which players may try, and is more than films of pixel art and bars come to.
const BITS_A_SECOND: i32 = 8_000_000;

/// Kinds of parts of the stream.
const SEQUENCE: u8 = 7;
const PICTURE: u8 = 8;

/// An encoder of frames of one size, of which only the first stands alone.
pub(crate) struct H264 {
    encoder: Encoder,
    yuv: Yuv,
    pub described: Described,
}

/// What players need before the first frame; empty before it was encoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub sequence: Vec<u8>,
    pub picture: Vec<u8>,
}

/// One encoded frame.
pub(crate) struct Unit {
    /// Its parts, each behind its length in four bytes.
    pub bytes: Vec<u8>,
    /// It stands alone.
    pub is_key: bool,
}

impl H264 {
    /// For canvases of these even sides.
    pub fn new(width: u32, height: u32, fps: f64) -> Result<Self> {
        let encoder = Encoder::new(&Settings { width, height, fps, qp: QP, bits_a_second: BITS_A_SECOND })?;
        Ok(Self { encoder, yuv: Yuv::new(width, height), described: Described::default() })
    }

    /// The next frame.
    pub fn encode(&mut self, canvas: &Canvas) -> Result<Unit> {
        self.yuv.take(canvas);
        let (described, mut bytes) = (&mut self.described, Vec::new());
        let is_key = self.encoder.encode(&self.yuv, &mut |part| {
            let part = without_start_code(part);
            match part.first().map(|first| first & 0x1f) {
                Some(SEQUENCE) => described.sequence = part.to_vec(),
                Some(PICTURE) => described.picture = part.to_vec(),
                Some(_) => {
                    bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
                    bytes.extend_from_slice(part);
                }
                None => {}
            }
        })?;
        if bytes.is_empty() {
            return Err(Error::Encoder { what: "H.264", why: "it left a frame out".to_owned() });
        }
        Ok(Unit { bytes, is_key })
    }
}

/// A part without the zeros and the one that set it apart in the stream.
fn without_start_code(part: &[u8]) -> &[u8] {
    let zeros = part.iter().take_while(|byte| **byte == 0).count();
    if zeros >= 2 && part.get(zeros) == Some(&1) { &part[zeros + 1..] } else { part }
}
