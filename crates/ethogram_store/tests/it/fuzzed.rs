//! Whatever bytes come as a group of frames or as the description of a space: an error with a name, or what they say. Also the target
//! of `fuzz/`.

use ethogram_store::Space;
use ethogram_store::codec::{decode_frame, decode_group};

/// How far the bytes got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Refused,
    Read,
}

/// A group of frames, as it lies in a segment.
pub fn group(bytes: &[u8]) -> Outcome {
    let rows = match decode_group(bytes) {
        Ok(rows) => rows,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Outcome::Refused;
        }
    };
    let count = rows.shape().first().copied().unwrap_or(0);
    for index in [0, count / 2, count.saturating_sub(1)] {
        let frame = decode_frame(bytes, index);
        assert_eq!(frame.is_ok(), index < count, "row {index} of {count}");
    }
    Outcome::Read
}

/// JSON of a space, as `run.json` has it.
pub fn space(bytes: &[u8]) -> Outcome {
    let Ok(space) = serde_json::from_slice::<Space>(bytes) else { return Outcome::Refused };
    match space.leaves("observation") {
        Ok(leaves) => {
            assert!(!leaves.iter().any(|leaf| leaf.name.is_empty()));
            Outcome::Read
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Outcome::Refused
        }
    }
}

/// What [`group`] is given to begin with: the groups that the browser's decoder is tested with.
pub fn frame_groups() -> Vec<Vec<u8>> {
    macro_rules! read {
        ($($name:literal)*) => {
            vec![$(include_bytes!(concat!("../../../../web/testdata/frame_groups/", $name, ".bin")).to_vec()),*]
        };
    }
    read!["gradient_rgb" "noise_gray" "palette_rgb" "stack_first" "stack_last" "stack_rgb" "still_rgb"]
}

/// What [`space`] is given to begin with.
pub fn spaces() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"type":"box","dtype":"float32","shape":[4],"low":[-1,-2,-3,-4],"high":[1,2,3,null]}"#,
        r#"{"type":"dict","spaces":[["a",{"type":"discrete","n":4}],["b",{"type":"multi_discrete","nvec":[2,3],"shape":[2]}]]}"#,
        r#"{"type":"tuple","spaces":[{"type":"text","max_length":9},{"type":"multi_binary","shape":[3,2]}]}"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}
