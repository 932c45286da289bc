//! Properties that hold for every codec.

use proptest::prelude::*;

use super::*;
use crate::{Array, Error};

/// What the rows of a test show.
#[derive(Clone, Copy, Debug)]
enum Content {
    /// Few colours, a few pixels change: an Atari game.
    Sprites,
    /// Many colours that move sideways: a scrolling camera.
    Scrolling,
    /// Nothing can be predicted.
    Noise,
    /// Nothing happens.
    Still,
    /// Stacks whose planes move up by one each row.
    Stack,
}

const CONTENTS: [Content; 5] = [Content::Sprites, Content::Scrolling, Content::Noise, Content::Still, Content::Stack];

/// Numbers that look random and are the same every time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(length)
    .collect()
}

fn rows(content: Content, layout: &FrameLayout, count: usize, seed: u64) -> Vec<Vec<u8>> {
    let bytes = layout.row_bytes();
    let channels = usize::from(layout.channels);
    (0..count)
        .map(|t| match content {
            Content::Sprites => {
                let mut row: Vec<u8> =
                    noise(seed, bytes / channels).iter().flat_map(|&colour| vec![colour % 40; channels]).collect();
                for sprite in noise(seed + t as u64, 40).chunks_exact(2) {
                    let at = (usize::from(sprite[0]) * 31 + t * 17) % (bytes / channels) * channels;
                    row[at..at + channels].fill(sprite[1] % 40);
                }
                row
            }
            Content::Scrolling => (0..bytes).map(|i| ((i + t * channels) as u64 * seed % 251) as u8).collect(),
            Content::Noise => noise(seed + t as u64, bytes),
            Content::Still => vec![seed as u8; bytes],
            Content::Stack => {
                let planes = layout.planes();
                let parts: Vec<_> =
                    (0..planes).map(|plane| noise(seed + (t + plane) as u64, layout.picture_bytes())).collect();
                match layout.kind {
                    LayoutKind::PlanesLast => (0..bytes).map(|i| parts[i % planes][i / planes]).collect(),
                    _ => parts.concat(),
                }
            }
        })
        .collect()
}

fn layouts() -> impl Strategy<Value = FrameLayout> {
    let shape = prop_oneof![
        (1..20_usize, 1..20_usize).prop_map(|(h, w)| (vec![h, w], None)),
        (1..20_usize, 1..20_usize, 1..7_usize).prop_map(|(h, w, c)| (vec![h, w, c], None)),
        (1..6_usize, 1..20_usize, 1..20_usize).prop_map(|(s, h, w)| (vec![s, h, w], Some(0))),
        (1..20_usize, 1..20_usize, 1..6_usize).prop_map(|(h, w, s)| (vec![h, w, s], Some(2))),
        (1..5_usize, 1..12_usize, 1..12_usize, 1..5_usize).prop_map(|(s, h, w, c)| (vec![s, h, w, c], Some(0))),
    ];
    shape.prop_filter_map("a picture", |(shape, stack)| FrameLayout::of_shape(&shape, stack))
}

fn encode(layout: &FrameLayout, rows: &[Vec<u8>], effort: Effort) -> Vec<u8> {
    let rows: Vec<_> = rows.iter().map(Vec::as_slice).collect();
    encode_group(layout, &rows, effort).expect("encodes")
}

fn expected(layout: &FrameLayout, rows: &[Vec<u8>]) -> Array {
    let mut shape = vec![rows.len()];
    shape.extend(layout.row_shape());
    Array::new(crate::Dtype::Uint8, shape, rows.concat()).expect("an array")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn decoding_undoes_encoding(
        layout in layouts(),
        count in 0..40_usize,
        content in prop::sample::select(&CONTENTS[..]),
        seed in 1..1000_u64,
        sealed in any::<bool>(),
    ) {
        let rows = rows(content, &layout, count, seed);
        let group = encode(&layout, &rows, if sealed { Effort::Sealed } else { Effort::Live });
        prop_assert_eq!(decode_group(&group).expect("decodes"), expected(&layout, &rows));
        for (index, row) in rows.iter().enumerate() {
            let frame = decode_frame(&group, index).expect("a frame");
            prop_assert_eq!(frame.shape(), layout.row_shape());
            prop_assert_eq!(frame.data(), row.as_slice());
        }
        prop_assert!(decode_frame(&group, count).expect_err("no such row").is_not_found());
    }

    #[test]
    fn an_encoder_that_sticks_to_its_choice_stays_exact(
        layout in layouts(),
        contents in prop::collection::vec((prop::sample::select(&CONTENTS[..]), 1..12_usize, 1..50_u64), 1..20),
    ) {
        let mut encoder = FrameEncoder::new(Effort::Live);
        for (content, count, seed) in contents {
            let rows = rows(content, &layout, count, seed);
            let slices: Vec<_> = rows.iter().map(Vec::as_slice).collect();
            let group = encoder.encode(&layout, &slices).expect("encodes");
            prop_assert_eq!(decode_group(&group).expect("decodes"), expected(&layout, &rows));
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_decoded_but_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_group(&bytes);
        if bytes.len() >= 8 {
            bytes[..4].copy_from_slice(b"EFG1");
            bytes[4] %= 4;
            bytes[6] %= 3;
            let _ = decode_group(&bytes);
        }
    }
}

/// Every codec on the same rows, whether or not it would have been chosen.
#[test]
fn every_codec_in_the_registry_is_exact() {
    for (id, codec) in CODECS.iter().enumerate() {
        assert_eq!(usize::from(codec.id()), id, "the position of {} is its id", codec.name());
        let layout = FrameLayout::of_shape(&[9, 5, 3], None).expect("a picture");
        let rows = rows(Content::Sprites, &layout, 6, 3);
        let slices: Vec<_> = rows.iter().map(Vec::as_slice).collect();
        let (mut raw, mut palette) = (Vec::new(), Vec::new());
        assert!(codec.transform(&slices, 3, 5, &mut raw, &mut palette), "{} holds pixel art", codec.name());
        if codec.is_delta() {
            let picture_bytes = raw.len() / 6;
            xor::undo(&mut raw, picture_bytes);
        }
        let mut out = vec![0; rows.concat().len()];
        if codec.has_palette() {
            assert!(palette::expand(&palette, 3, &raw, &mut out));
        } else {
            out.copy_from_slice(&raw);
        }
        assert_eq!(out, rows.concat(), "{}", codec.name());
    }
}

fn check_choice(shape: &[usize], content: Content, expected_codec: &str, expected_frames: u16) {
    let layout = FrameLayout::of_shape(shape, None).expect("a picture");
    let group = encode(&layout, &rows(content, &layout, 16, 5), Effort::Live);
    let header = GroupHeader::parse(&group).expect("a header");
    let name = codec_of(header.codec).map(Codec::name);
    assert_eq!((name, header.frames), (Some(expected_codec), expected_frames), "{shape:?} {content:?}");
}

#[test]
fn the_codec_fits_the_pictures() {
    check_choice(&[60, 50, 3], Content::Sprites, "palette", 16);
    check_choice(&[60, 50, 3], Content::Scrolling, "plain", 16);
    check_choice(&[60, 50, 3], Content::Noise, "stored", 16);
}

#[test]
fn a_stack_costs_what_its_new_planes_cost() {
    // 16 rows of 4 planes hold 19 different planes, wherever the stack axis is and whether or not it was named.
    for (shape, stack_axis) in
        [(vec![4, 40, 40], Some(0)), (vec![4, 40, 40], None), (vec![40, 40, 4], Some(2)), (vec![40, 40, 4], None)]
    {
        let layout = FrameLayout::of_shape(&shape, stack_axis).expect("a picture");
        let stack = if shape[0] == 4 { layout } else { layout.as_planes_last().unwrap_or(layout) };
        let rows = rows(Content::Stack, &stack, 16, 9);
        let group = encode(&layout, &rows, Effort::Live);
        assert_eq!(GroupHeader::parse(&group).expect("a header").frames, 19, "{shape:?} {stack_axis:?}");
        assert_eq!(decode_group(&group).expect("decodes").data(), rows.concat(), "{shape:?}");
    }
}

#[test]
fn a_257th_colour_falls_back_to_another_codec_in_the_middle_of_a_stream() {
    let layout = FrameLayout::of_shape(&[40, 40, 3], None).expect("a picture");
    let mut encoder = FrameEncoder::new(Effort::Live);
    let mut codecs = Vec::new();
    for content in [Content::Sprites, Content::Sprites, Content::Noise, Content::Sprites] {
        let rows = rows(content, &layout, 8, 2);
        let slices: Vec<_> = rows.iter().map(Vec::as_slice).collect();
        let group = encoder.encode(&layout, &slices).expect("encodes");
        assert_eq!(decode_group(&group).expect("decodes").data(), rows.concat());
        codecs.push(GroupHeader::parse(&group).expect("a header").codec);
    }
    assert_eq!(codecs[..3], [1, 1, 0], "palette while it fits, then as it is");
}

/// White with full alpha is all ones: it must not be mistaken for an empty cell of the colour table.
#[test]
fn colours_of_four_channels_are_told_apart() {
    let layout = FrameLayout::of_shape(&[16, 16, 4], Some(1)).expect("a picture");
    let colours: Vec<[u8; 4]> = (0..=255).map(|i| [255 - i, 255, 255, 255]).collect();
    let row: Vec<u8> = colours.concat();
    let (mut raw, mut palette) = (Vec::new(), Vec::new());
    assert!(palette::Palette.transform(&[&row], 4, 16, &mut raw, &mut palette), "256 colours fit");
    assert_eq!(palette, row);
    assert_eq!(raw, (0..=255).collect::<Vec<u8>>());
    let group = encode(&layout, &[row.clone(), row.clone()], Effort::Live);
    assert_eq!(decode_group(&group).expect("decodes").data(), [row.clone(), row].concat());
}

#[test]
fn every_flipped_bit_is_an_error_or_changes_only_samples() {
    for content in [Content::Sprites, Content::Scrolling, Content::Noise, Content::Stack] {
        for shape in [vec![6, 7, 3], vec![3, 6, 7], vec![6, 7]] {
            let layout = FrameLayout::of_shape(&shape, None).expect("a picture");
            let group = encode(&layout, &rows(content, &layout, 5, 4), Effort::Live);
            for at in 0..group.len() {
                for bit in 0..8 {
                    let mut flipped = group.clone();
                    flipped[at] ^= 1 << bit;
                    if let Ok(array) = decode_group(&flipped) {
                        assert_eq!(array.len(), 5 * layout.row_bytes(), "byte {at} bit {bit} of {content:?} {shape:?}");
                    }
                }
            }
            for length in 0..group.len() {
                assert!(decode_group(&group[..length]).is_err(), "cut at {length} of {content:?} {shape:?}");
            }
        }
    }
}

#[test]
fn hostile_headers_are_refused_before_anything_is_allocated() {
    let layout = FrameLayout::of_shape(&[40, 40, 3], None).expect("a picture");
    let group = encode(&layout, &rows(Content::Sprites, &layout, 4, 1), Effort::Live);
    let check = |at: usize, bytes: &[u8], expected: &str| {
        let mut hostile = group.clone();
        hostile[at..at + bytes.len()].copy_from_slice(bytes);
        let error = GroupHeader::parse(&hostile).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}, expected {expected:?}");
    };
    check(0, b"EFG2", "magic of a frame group; expected EFG1, found EFG2");
    check(4, &[9], "codec of a frame group; expected 0 to 3, found 9");
    check(5, &[0], "shape of a frame group");
    check(6, &[3], "layout of a frame group");
    check(7, &[1], "shape of a frame group");
    check(8, &2000_u16.to_le_bytes(), "rows of a frame group is 2000, over the limit of 1024");
    check(10, &3_u16.to_le_bytes(), "number of frames");
    check(12, &u32::MAX.to_le_bytes(), "side of a frame is 4294967295, over the limit of 16384");
    check(
        12,
        &[0x00, 0x40, 0, 0, 0x00, 0x40, 0, 0],
        "bytes of a decoded frame group is 3221225472, over the limit of 268435456",
    );
    check(20, &300_u16.to_le_bytes(), "number of colours");
    check(22, &[7], "shape of a frame group");
    check(23, &[1], "reserved byte");
    check(24, &u32::MAX.to_le_bytes(), "length of a frame group");
    check(28, &1_u32.to_le_bytes(), "decompressed length");
}

#[test]
fn rows_of_another_length_are_refused() {
    let layout = FrameLayout::of_shape(&[40, 40, 3], None).expect("a picture");
    let error = encode_group(&layout, &[&[0; 7]], Effort::Live).expect_err("7 bytes");
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
    let row = vec![0; layout.row_bytes()];
    let error = encode_group(&layout, &vec![row.as_slice(); 1025], Effort::Live).expect_err("too many");
    assert_eq!(error.to_string(), "rows of a frame group is 1025, over the limit of 1024");
}

#[test]
fn groups_are_shorter_where_rows_are_large() {
    let check = |shape: &[usize], live: usize, sealed: usize| {
        let layout = FrameLayout::of_shape(shape, None).expect("a picture");
        assert_eq!((Effort::Live.rows_per_group(&layout), Effort::Sealed.rows_per_group(&layout)), (live, sealed));
    };
    check(&[210, 160, 3], 32, 64);
    check(&[400, 600, 3], 17, 17);
    check(&[4, 84, 84], 32, 64);
    check(&[16_384, 16_384], 1, 1);
}
