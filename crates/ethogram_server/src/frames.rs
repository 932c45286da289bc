//! Frame groups on the wire, `application/x-ethogram-frames`: `first u64, bytes u32, reserved u32`, then the group, padded to 8.

use bytes::Bytes;
use ethogram_store::FrameGroup;

/// The media type of a sequence of frame groups.
pub const FRAMES_TYPE: &str = "application/x-ethogram-frames";

const HEAD: usize = 16;
const ALIGN: usize = 8;

/// The parts of the body, ready to be sent one after another; the groups themselves are not copied.
pub fn encode(groups: Vec<FrameGroup>) -> Vec<Bytes> {
    let mut parts = Vec::with_capacity(groups.len() * 3);
    for group in groups {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(&group.first.to_le_bytes());
        head[8..12].copy_from_slice(&(group.bytes.len() as u32).to_le_bytes());
        parts.push(Bytes::copy_from_slice(&head));
        let padding = group.bytes.len().next_multiple_of(ALIGN) - group.bytes.len();
        parts.push(group.bytes);
        if padding > 0 {
            parts.push(Bytes::from_static(&[0; ALIGN]).slice(..padding));
        }
    }
    parts
}

/// First step and bytes of each group.
///
/// **Errors**: a text that says where the sequence breaks off.
pub fn decode(mut body: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, String> {
    let mut groups = Vec::new();
    while !body.is_empty() {
        let head = body.get(..HEAD).ok_or_else(|| format!("a head of {HEAD} bytes is cut off after {}", body.len()))?;
        let first = head[..8].iter().rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        let length = head[8..12].iter().rev().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
        let end = HEAD + length.next_multiple_of(ALIGN);
        if body.len() < end {
            return Err(format!("a group of {length} bytes is cut off after {}", body.len() - HEAD));
        }
        groups.push((first, body[HEAD..HEAD + length].to_vec()));
        body = &body[end..];
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_back_and_every_cut_is_noticed() {
        let groups = [(3_u64, vec![1_u8; 13]), (1 << 40, vec![2; 16]), (7, vec![])];
        let encoded = groups.iter().map(|(first, bytes)| FrameGroup {
            first: *first,
            count: 1,
            bytes: Bytes::from(bytes.clone()),
        });
        let body = encode(encoded.collect()).concat();
        assert_eq!(body.len(), 16 + 16 + 16 + 16 + 16);
        assert_eq!(decode(&body).expect("groups"), groups);
        for end in (0..body.len()).filter(|end| ![0, 32, 64].contains(end)) {
            assert!(decode(&body[..end]).is_err(), "cut at {end}");
        }
    }
}
