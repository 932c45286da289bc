//! Frames as H.264, with the encoder that is compiled in (docs/decisions/0009).

use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, QpRange, RateControlMode,
    UsageType, VuiConfig,
};

use crate::yuv::Yuv;
use crate::{Canvas, Error, Result};

/// Quantisation, which is all that decides what a film looks like: letters and edges of bars stay sharp.
const QP: QpRange = QpRange::new(22, 24);
/// Not aimed at. It says which players may try, and is more than films of pixel art and bars come to.
const BITS_A_SECOND: u32 = 8_000_000;

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
        let config = EncoderConfig::new()
            .usage_type(UsageType::CameraVideoRealTime)
            .rate_control_mode(RateControlMode::Bufferbased)
            .bitrate(BitRate::from_bps(BITS_A_SECOND))
            .qp(QP)
            .complexity(Complexity::Low)
            .max_frame_rate(FrameRate::from_hz(fps as f32))
            .intra_frame_period(IntraFramePeriod::auto())
            .skip_frames(false)
            .scene_change_detect(false)
            .adaptive_quantization(false)
            .background_detection(false)
            .num_threads(1)
            .vui(VuiConfig::bt709());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config).map_err(failed)?;
        Ok(Self { encoder, yuv: Yuv::new(width, height), described: Described::default() })
    }

    /// The next frame.
    pub fn encode(&mut self, canvas: &Canvas) -> Result<Unit> {
        self.yuv.take(canvas);
        let stream = self.encoder.encode(&self.yuv).map_err(failed)?;
        let is_key = matches!(stream.frame_type(), FrameType::IDR | FrameType::I);
        let mut bytes = Vec::new();
        for layer in (0..stream.num_layers()).filter_map(|index| stream.layer(index)) {
            for part in (0..layer.nal_count()).filter_map(|index| layer.nal_unit(index)) {
                let part = without_start_code(part);
                match part.first().map(|first| first & 0x1f) {
                    Some(SEQUENCE) => self.described.sequence = part.to_vec(),
                    Some(PICTURE) => self.described.picture = part.to_vec(),
                    Some(_) => {
                        bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
                        bytes.extend_from_slice(part);
                    }
                    None => {}
                }
            }
        }
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

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over is owned")]
fn failed(error: openh264::Error) -> Error {
    Error::Encoder { what: "H.264", why: error.to_string() }
}
