//! Events and the values of their summaries, as `event.proto` and `summary.proto` of TensorFlow have them. Bytes stay where they are.

use super::protobuf::{Fields, NotAMessage, Value};

/// One record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Event<'a> {
    /// Seconds since 1970.
    pub wall_time: f64,
    /// Global step.
    pub step: i64,
    /// What happened.
    pub what: What<'a>,
}

/// What an event tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum What<'a> {
    /// Nothing that is of use here: graphs, messages, profiles.
    #[default]
    Other,
    /// The first event of a file: `brain.Event:2`.
    FileVersion(&'a [u8]),
    /// Values, one after the other.
    Summary(&'a [u8]),
    /// A process began here: what others logged at this step and later is void.
    Start,
}

/// One value of a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SummaryValue<'a> {
    /// Its name.
    pub tag: &'a [u8],
    /// What it holds.
    pub data: Data<'a>,
    /// Plug-in of TensorBoard that it is for, and what that plug-in keeps of it. Only told the first time of a tag.
    pub plugin: Option<Plugin<'a>>,
}

/// Name of a plug-in, and what it keeps.
type Plugin<'a> = (&'a [u8], &'a [u8]);

/// What a value holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Data<'a> {
    /// Nothing, or what cannot be read.
    #[default]
    None,
    /// A number.
    Simple(f32),
    /// `Summary.Image`.
    Image(&'a [u8]),
    /// `HistogramProto`.
    Histogram(&'a [u8]),
    /// `Summary.Audio`.
    Audio(&'a [u8]),
    /// `TensorProto`.
    Tensor(&'a [u8]),
}

impl<'a> Event<'a> {
    /// Reads an event.
    pub fn read(bytes: &'a [u8]) -> Result<Self, NotAMessage> {
        let mut event = Self::default();
        for field in Fields::of(bytes) {
            match field? {
                (1, Value::Eight(bytes)) => event.wall_time = f64::from_le_bytes(bytes),
                (2, Value::Varint(step)) => event.step = step as i64,
                (3, Value::Bytes(bytes)) => event.what = What::FileVersion(bytes),
                (5, Value::Bytes(bytes)) => event.what = What::Summary(bytes),
                (7, Value::Bytes(bytes)) if is_start(bytes)? => event.what = What::Start,
                _ => {}
            }
        }
        Ok(event)
    }

    /// Wall time, microseconds since 1970; 0 when it is no time.
    pub fn time_us(&self) -> i64 {
        // Floats become integers by saturation, NaN becomes 0.
        (self.wall_time * 1e6).round() as i64
    }
}

fn is_start(session_log: &[u8]) -> Result<bool, NotAMessage> {
    let mut start = false;
    for field in Fields::of(session_log) {
        if let (1, Value::Varint(status)) = field? {
            start = status == 1;
        }
    }
    Ok(start)
}

/// Calls `each` with the values of a summary.
pub fn values<'a>(summary: &'a [u8], mut each: impl FnMut(SummaryValue<'a>)) -> Result<(), NotAMessage> {
    for field in Fields::of(summary) {
        if let (1, Value::Bytes(bytes)) = field? {
            each(SummaryValue::read(bytes)?);
        }
    }
    Ok(())
}

impl<'a> SummaryValue<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, NotAMessage> {
        let mut value = Self::default();
        for field in Fields::of(bytes) {
            match field? {
                (1, Value::Bytes(tag)) => value.tag = tag,
                (2, Value::Four(bytes)) => value.data = Data::Simple(f32::from_le_bytes(bytes)),
                (4, Value::Bytes(image)) => value.data = Data::Image(image),
                (5, Value::Bytes(histogram)) => value.data = Data::Histogram(histogram),
                (6, Value::Bytes(audio)) => value.data = Data::Audio(audio),
                (8, Value::Bytes(tensor)) => value.data = Data::Tensor(tensor),
                (9, Value::Bytes(metadata)) => value.plugin = plugin(metadata)?,
                _ => {}
            }
        }
        Ok(value)
    }
}

fn plugin(metadata: &[u8]) -> Result<Option<Plugin<'_>>, NotAMessage> {
    let mut found = None;
    for field in Fields::of(metadata) {
        let (1, Value::Bytes(data)) = field? else { continue };
        let (mut name, mut content): (&[u8], &[u8]) = (&[], &[]);
        for field in Fields::of(data) {
            match field? {
                (1, Value::Bytes(bytes)) => name = bytes,
                (2, Value::Bytes(bytes)) => content = bytes,
                _ => {}
            }
        }
        found = Some((name, content));
    }
    Ok(found)
}
