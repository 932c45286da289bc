//! Frame groups in files, which the browser's decoder reads too (`web/src/workers/golden.test.ts`): bytes that were written once
//! must mean the same for ever, in both languages.
//!
//! `ETHOGRAM_GOLDEN=write cargo test -p ethogram_store golden` writes them anew; read the diff before committing it.

use std::path::{Path, PathBuf};

use ethogram_store::codec::{Effort, FrameLayout, GroupHeader, decode_group, encode_group};
use serde::{Deserialize, Serialize};

/// What a file must decode to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Expected {
    file: String,
    codec: u8,
    /// Shape of one row.
    shape: Vec<usize>,
    count: usize,
    /// CRC-32 of each row, in the order of its own axes.
    rows_crc32: Vec<u32>,
}

struct Case {
    name: &'static str,
    shape: &'static [usize],
    stack_axis: Option<usize>,
    count: usize,
    pixel: fn(step: usize, element: usize) -> u8,
    /// The codec that suits these rows; the test names it so that all four stay covered.
    codec: u8,
}

/// No pattern that a codec could use; the same everywhere.
fn noise(step: usize, element: usize) -> u8 {
    let mut x =
        (step as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (element as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 56) as u8
}

/// A ball over a still background of three colours, H×W×3 with W = 40.
fn ball(step: usize, element: usize) -> u8 {
    let (pixel, channel) = (element / 3, element % 3);
    let (y, x) = (pixel / 40, pixel % 40);
    let colour = if x.abs_diff(step % 40) < 3 && y.abs_diff(step * 2 % 30) < 3 { 2 } else { usize::from(y > 20) };
    [[10, 20, 30], [200, 100, 0], [255, 255, 255]][colour][channel]
}

/// A gradient that drifts, H×W×3: too many colours for a palette.
fn gradient(step: usize, element: usize) -> u8 {
    ((element / 3 % 48) * 3 + element / 144 * 2 + element % 3 * 60 + step) as u8
}

/// A still picture of noise in which single samples flicker everywhere: differences pay, matches do not.
fn mostly_still(step: usize, element: usize) -> u8 {
    noise(0, element) ^ u8::from(noise(step + 1, element) < 24)
}

/// Planes of frames `step` to `step + 3`, S×36×36.
fn stacked(step: usize, element: usize) -> u8 {
    let (plane, pixel) = (element / 1296, element % 1296);
    let frame = step + plane;
    noise(frame / 2, pixel / 7)
}

const CASES: &[Case] = &[
    Case { name: "palette_rgb", shape: &[30, 40, 3], stack_axis: None, count: 32, pixel: ball, codec: 1 },
    Case { name: "noise_gray", shape: &[33, 35], stack_axis: None, count: 3, pixel: noise, codec: 0 },
    Case { name: "gradient_rgb", shape: &[36, 48, 3], stack_axis: None, count: 5, pixel: gradient, codec: 2 },
    Case { name: "still_rgb", shape: &[32, 32, 3], stack_axis: None, count: 12, pixel: mostly_still, codec: 3 },
    Case { name: "stack_first", shape: &[4, 36, 36], stack_axis: Some(0), count: 20, pixel: stacked, codec: 2 },
    Case {
        name: "stack_last",
        shape: &[36, 36, 4],
        stack_axis: Some(2),
        count: 9,
        pixel: |step, element| stacked(step, element % 4 * 1296 + element / 4),
        codec: 2,
    },
    Case {
        name: "stack_rgb",
        shape: &[2, 24, 24, 3],
        stack_axis: Some(0),
        count: 6,
        pixel: |step, element| gradient(step + element / 1728, element % 1728),
        codec: 2,
    },
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/testdata/frame_groups")
}

fn rows_of(case: &Case) -> Vec<Vec<u8>> {
    let elements = case.shape.iter().product();
    (0..case.count).map(|step| (0..elements).map(|element| (case.pixel)(step, element)).collect()).collect()
}

#[test]
fn golden_frame_groups_decode_to_the_rows_they_were_made_of() {
    let write = std::env::var("ETHOGRAM_GOLDEN").is_ok_and(|value| value == "write");
    let mut all = Vec::new();
    for case in CASES {
        let rows = rows_of(case);
        let layout = FrameLayout::of_shape(case.shape, case.stack_axis).expect("an image");
        let path = folder().join(format!("{}.bin", case.name));
        if write {
            let views: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
            std::fs::create_dir_all(folder()).expect("folder");
            std::fs::write(&path, encode_group(&layout, &views, Effort::Live).expect("encode")).expect("write");
        }
        let group = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let header = GroupHeader::parse(&group).expect("header");
        assert_eq!(header.codec, case.codec, "codec of {}", case.name);
        let decoded = decode_group(&group).expect("decode");
        assert_eq!(decoded.shape()[1..], *case.shape, "shape of {}", case.name);
        assert_eq!(decoded.data(), rows.concat(), "rows of {}", case.name);
        all.push(Expected {
            file: format!("{}.bin", case.name),
            codec: header.codec,
            shape: case.shape.to_vec(),
            count: case.count,
            rows_crc32: rows.iter().map(|row| crc32fast::hash(row)).collect(),
        });
    }
    let index = folder().join("expected.json");
    if write {
        std::fs::write(&index, serde_json::to_string_pretty(&all).expect("json") + "\n").expect("write");
    }
    let found: Vec<Expected> = serde_json::from_slice(&std::fs::read(&index).expect("expected.json")).expect("json");
    assert_eq!(found, all);
}
