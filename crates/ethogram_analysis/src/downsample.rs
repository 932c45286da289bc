//! Fewer points that look like all of them. Both answers are indices, ascending, so that any column can be taken along.

/// The smallest and largest value of each of `buckets` buckets of equal length, and the first and last point.
/// Extremes are never lost.
///
/// One NaN a bucket is kept as well, so that a gap or a divergence is still seen: at most `3 × buckets + 2` indices.
/// With no more than `2 × buckets + 2` points, all are kept.
pub fn downsample_min_max(values: &[f64], buckets: usize) -> Vec<usize> {
    let count = values.len();
    if count <= buckets.saturating_mul(2).saturating_add(2) {
        return (0..count).collect();
    }
    let mut kept = vec![0, count - 1];
    for bucket in 0..buckets {
        let (start, end) = (part(count, bucket, buckets), part(count, bucket + 1, buckets));
        let known = || (start..end).filter(|&i| !values[i].is_nan());
        kept.extend(known().min_by(|&a, &b| values[a].total_cmp(&values[b])));
        kept.extend(known().max_by(|&a, &b| values[a].total_cmp(&values[b])));
        kept.extend((start..end).find(|&i| values[i].is_nan()));
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// Largest triangle, three buckets: `count` points of which each spans the largest triangle with its chosen neighbour
/// before and the mean of the bucket after. Good for the eye; extremes may be lost, which [`downsample_min_max`] keeps.
///
/// `xs` ascend and are as long as `ys`. A bucket without finite points gives its first. Fewer than 3 points asked for give
/// the first and the last. With no more points than `count`, all are kept.
///
/// **Source** Steinarsson, Downsampling Time Series for Visual Representation, 2013, section 4.2.
pub fn downsample_lttb(xs: &[f64], ys: &[f64], count: usize) -> Vec<usize> {
    let total = xs.len().min(ys.len());
    if total <= count || total <= 2 {
        return (0..total).collect();
    }
    let inner = count.saturating_sub(2);
    let mut kept = vec![0];
    let mut before = 0;
    for bucket in 0..inner {
        let bounds = |bucket: usize| (1 + part(total - 2, bucket, inner), 1 + part(total - 2, bucket + 1, inner));
        let (start, end) = bounds(bucket);
        let (next_start, next_end) = if bucket + 1 < inner { bounds(bucket + 1) } else { (total - 1, total) };
        let next: Vec<usize> = (next_start..next_end).filter(|&i| ys[i].is_finite()).collect();
        let mean = |of: &[f64]| next.iter().map(|&i| of[i]).sum::<f64>() / next.len() as f64;
        let (mean_x, mean_y) = if next.is_empty() { (xs[next_start], ys[before]) } else { (mean(xs), mean(ys)) };
        let area = |i: usize| {
            ((xs[before] - mean_x) * (ys[i] - ys[before]) - (xs[before] - xs[i]) * (mean_y - ys[before])).abs()
        };
        let finite = (start..end).filter(|&i| ys[i].is_finite());
        let largest = finite.reduce(|best, i| if area(i) > area(best) { i } else { best });
        kept.push(largest.unwrap_or(start));
        before = largest.unwrap_or(before);
    }
    kept.push(total - 1);
    kept
}

/// Where part `index` of `parts` equal parts of `count` things begins.
fn part(count: usize, index: usize, parts: usize) -> usize {
    (count as u128 * index as u128 / parts as u128) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn kept_indices_ascend_and_hold_the_ends(ys in prop::collection::vec(prop_oneof![9 => -1e3..1e3, 1 => Just(f64::NAN)], 0..300), k in 0_usize..40) {
            let xs: Vec<f64> = (0..ys.len()).map(|i| i as f64).collect();
            for (kept, most) in [(downsample_min_max(&ys, k), 3 * k + 2), (downsample_lttb(&xs, &ys, k), k.max(2))] {
                prop_assert!(kept.len() <= most.max(2));
                prop_assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert_eq!(kept.first().copied(), (!ys.is_empty()).then_some(0));
                prop_assert_eq!(kept.last().copied(), ys.len().checked_sub(1));
            }
        }

        #[test]
        fn min_max_keeps_the_extremes(ys in prop::collection::vec(-1e3..1e3, 1..300), k in 1_usize..20) {
            let kept = downsample_min_max(&ys, k);
            let of = |fold: fn(f64, f64) -> f64, indices: &mut dyn Iterator<Item = usize>| indices.map(|i| ys[i]).reduce(fold);
            prop_assert_eq!(of(f64::min, &mut kept.iter().copied()), of(f64::min, &mut (0..ys.len())));
            prop_assert_eq!(of(f64::max, &mut kept.iter().copied()), of(f64::max, &mut (0..ys.len())));
        }
    }

    #[test]
    fn lttb_keeps_a_spike() {
        let ys: Vec<f64> = (0..1000).map(|i| if i == 377 { 50.0 } else { 0.0 }).collect();
        let xs: Vec<f64> = (0..1000).map(f64::from).collect();
        assert!(downsample_lttb(&xs, &ys, 20).contains(&377));
    }
}
