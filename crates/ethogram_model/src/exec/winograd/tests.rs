//! Tiles against the plain product.

use proptest::prelude::*;

use super::super::convolution::{Convolution, Spare};
use super::super::held::Layout;
use super::*;
use crate::kernel::Crews;

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|at| ((at * 7_919 + seed * 104_729) % 100_003) as f32 / 50_000.0 - 1.0).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A layer of either kind: ours, and the one without tiles.
fn layers(isa: Isa, input: Size, outputs: usize, padding: [usize; 2], turned: bool) -> Option<(Winograd, Convolution)> {
    let window = Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding, groups: 1 };
    let packed = Packed::default();
    let Size { height, width, channels } = input;
    let after = |length: usize, padding: usize| (length + 2 * padding).checked_sub(2).filter(|&length| length > 0);
    let output = Size { height: after(height, padding[0])?, width: after(width, padding[1])?, channels: outputs };
    let weights = numbers(9 * channels * outputs, 1);
    if turned {
        let own = [0, 1].map(|axis| 2 - padding[axis]);
        let window = Window { padding: own, ..window };
        let weights = Arc::new(Tensor::f32(&[channels, outputs, 3, 3], weights).unwrap());
        let direct = Convolution::flipped_directly(input, output, &window, &weights, &packed).unwrap();
        return Some((Winograd::new(isa, input, output, padding, &weights, None, true, &packed), direct));
    }
    let weights = Arc::new(Tensor::f32(&[outputs, channels, 3, 3], weights).unwrap());
    let bias = Arc::new(Tensor::f32(&[outputs], numbers(outputs, 2)).unwrap());
    let direct = Convolution::directly(input, output, &window, &weights, Some(&bias), &packed);
    Some((Winograd::new(isa, input, output, padding, &weights, Some(&bias), false, &packed), direct))
}

fn run(layer: &Winograd, pictures: &[f32], batch: usize, threads: usize) -> Vec<f32> {
    let Size { height, width, channels } = layer.output;
    let mut out = vec![f32::NAN; batch * height * width * channels];
    Crews::default().with(threads, |crew| layer.run(pictures, true, &mut out, &mut Vec::new(), crew));
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tiles_equal_plain_sums(
        batch in 1_usize..5, height in 1_usize..20, width in 1_usize..20, channels in 1_usize..40, outputs in 1_usize..40,
        padding in [0_usize..3, 0_usize..3], turned in any::<bool>(),
    ) {
        let input = Size { height, width, channels };
        let pictures = numbers(batch * height * width * channels, 3);
        for isa in Isa::available() {
            let Some((tiled, direct)) = layers(isa, input, outputs, padding, turned) else { return Ok(()) };
            let found = run(&tiled, &pictures, batch, 1);
            let mut expected = vec![f32::NAN; found.len()];
            direct.run(&pictures, Layout::ChannelsLast, Some(crate::graph::Unary::Relu), &mut expected, &mut Spare::default(), &Crew::alone());
            // Sums of so many products whose sizes are a quarter on average, each off by a few roundings.
            let scale = (9 * channels) as f32 / 4.0;
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() <= 4e-6 * scale, "{isa:?}: {found}, directly {expected}");
            }
            // Neither threads nor other pictures beside one make a difference.
            prop_assert_eq!(bits(&run(&tiled, &pictures, batch, 3)), bits(&found));
            let one = pictures.len() / batch;
            let alone: Vec<f32> = pictures.chunks(one).flat_map(|picture| run(&tiled, picture, 1, 2)).collect();
            prop_assert_eq!(bits(&alone), bits(&found));
        }
    }

    #[test]
    fn what_is_not_finite_reaches_only_those_that_see_it(
        height in 3_usize..12, width in 3_usize..12, at in any::<proptest::sample::Index>(), which in 0_usize..3,
    ) {
        let input = Size { height, width, channels: 9 };
        let mut picture = numbers(height * width * 9, 3);
        *at.get_mut(&mut picture) = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][which];
        for isa in Isa::available() {
            let Some((tiled, direct)) = layers(isa, input, 10, [1, 1], false) else { return Ok(()) };
            let found = run(&tiled, &picture, 1, 1);
            let mut expected = vec![0.0; found.len()];
            direct.run(&picture, Layout::ChannelsLast, Some(crate::graph::Unary::Relu), &mut expected, &mut Spare::default(), &Crew::alone());
            for (found, expected) in found.iter().zip(&expected) {
                let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
                prop_assert!(same || (found - expected).abs() < 1e-4, "{isa:?}: {found}, directly {expected}");
            }
        }
    }
}
