//! A film or a report on its way, `application/x-ethogram-video`: parts of `done u32, frames u32, kind u32, bytes u32`, then so many bytes.
//!
//! The file alone would not say how far it is, nor why it breaks off.

use bytes::Bytes;

/// The media type of a film in parts.
pub const VIDEO_PARTS_TYPE: &str = "application/x-ethogram-video";

/// Bytes of the file that are sent together.
pub const SENT_BYTES: usize = 64 << 10;

/// Pieces that wait for a slow client: then the work waits, too.
pub const WAITING_MAX: usize = 8;

/// Bytes before each part's own.
pub const HEAD: usize = 16;

/// What the bytes of a part are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// The next of the file; none when only the number of frames changed.
    File = 0,
    /// None: the file is whole.
    End = 1,
    /// An error as JSON; nothing follows.
    Error = 2,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Frames that are done.
    pub done: u32,
    /// Frames of the film.
    pub frames: u32,
    /// What the bytes are.
    pub kind: PartKind,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The head of a part.
pub fn head(done: u64, frames: u64, kind: PartKind, bytes: usize) -> Bytes {
    let numbers = [done as u32, frames as u32, kind as u32, bytes as u32];
    Bytes::from(numbers.map(u32::to_le_bytes).concat())
}

/// All parts of a body.
///
/// **Errors**: a text that says where it breaks off.
pub fn decode(mut body: &[u8]) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while !body.is_empty() {
        let head = body.get(..HEAD).ok_or_else(|| format!("a head of {HEAD} bytes is cut off after {}", body.len()))?;
        let number = |at: usize| head[at..at + 4].iter().rev().fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte));
        let kind = match number(8) {
            0 => PartKind::File,
            1 => PartKind::End,
            2 => PartKind::Error,
            other => return Err(format!("part {} is of kind {other}", parts.len())),
        };
        let end = HEAD + number(12) as usize;
        let bytes = body.get(HEAD..end).ok_or_else(|| format!("part {} is cut off", parts.len()))?.to_vec();
        parts.push(Part { done: number(0), frames: number(4), kind, bytes });
        body = &body[end..];
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_every_cut_is_noticed() {
        let body = [&head(3, 9, PartKind::File, 2)[..], b"ab", &head(9, 9, PartKind::End, 0)].concat();
        let parts = decode(&body).expect("parts");
        assert_eq!(parts[0], Part { done: 3, frames: 9, kind: PartKind::File, bytes: b"ab".to_vec() });
        assert_eq!(parts[1].kind, PartKind::End);
        for end in (1..body.len()).filter(|end| *end != HEAD + 2) {
            assert!(decode(&body[..end]).is_err(), "cut at {end}");
        }
    }
}
