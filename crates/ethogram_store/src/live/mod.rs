//! Live segments: an Arrow IPC stream that grows, and the commit log that vouches for it.

mod message;
mod segment_reader;
mod segment_writer;
#[cfg(test)]
mod tests;

pub(crate) use message::{read_batch, read_schema};
pub use segment_reader::{LiveSegment, SegmentFile};
pub use segment_writer::{SegmentWriter, Span};
