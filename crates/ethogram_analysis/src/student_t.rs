//! Student's t: how many standard errors hold 95 % of the means of few samples.

/// For 1 to 30 degrees of freedom.
const TABLE: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004, 2.262_157, 2.228_139,
    2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905, 2.109_816, 2.100_922, 2.093_024, 2.085_963,
    2.079_614, 2.073_873, 2.068_658, 2.063_899, 2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];
/// The same quantile of the normal distribution.
const NORMAL: f64 = 1.959_963_985;

/// The 97.5 % quantile of Student's t with `freedom` degrees of freedom, to six digits: 95 % lie within as many standard errors on
/// either side of the mean. Infinite for none.
///
/// **Source** A table up to 30; beyond, the expansion in `1/freedom` of Abramowitz & Stegun 1964, 26.7.5, to the third term.
pub fn t_95(freedom: u64) -> f64 {
    let Some(row) = freedom.checked_sub(1) else { return f64::INFINITY };
    if let Some(&t) = usize::try_from(row).ok().and_then(|row| TABLE.get(row)) {
        return t;
    }
    let (z, v) = (NORMAL, freedom as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / v + second / v.powi(2) + third / v.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_distribution() {
        // `scipy.stats.t.ppf(0.975, df)` prints these; found again by integrating the density.
        let expected = [
            (1, 12.706_205),
            (2, 4.302_653),
            (9, 2.262_157),
            (29, 2.045_230),
            (30, 2.042_272),
            (31, 2.039_513),
            (40, 2.021_075),
            (63, 1.998_341),
            (120, 1.979_930),
        ];
        for (freedom, t) in expected {
            assert!((t_95(freedom) - t).abs() < 2e-6, "{freedom}: expected {t}, found {}", t_95(freedom));
        }
        assert!((t_95(u64::MAX) - 1.959_964).abs() < 1e-6);
        assert!(t_95(0).is_infinite());
    }

    #[test]
    fn it_falls_towards_that_of_the_normal_distribution() {
        assert!((1..300).all(|freedom| t_95(freedom) > t_95(freedom + 1) && t_95(freedom) > 1.959_96));
    }
}
