//! Units of a layer that say nothing.

/// Of one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dormant {
    /// Units.
    pub units: usize,
    /// Those whose score is at most the limit.
    pub dormant: usize,
    /// Those that are 0 in every row.
    pub dead: usize,
}

/// Counts units whose score `E|h_i| / mean_k E|h_k|` is at most `tau`; of a layer that is 0 everywhere, all. Rows that are not finite count as
/// they are said: a unit with one is not dormant.
///
/// **Shapes** `activations` `[B, units]`. `None` without a row.
/// **Source** Sokar, Agarwal, Castro and Evci, The Dormant Neuron Phenomenon in Deep Reinforcement Learning, 2023, definition 3.1; they
/// take τ = 0.025 for figures and 0 for dead units.
pub fn dormant_units(activations: &[f64], units: usize, tau: f64) -> Option<Dormant> {
    if units == 0 || activations.len() < units {
        return None;
    }
    let mut sizes = vec![0.0_f64; units];
    for row in activations.chunks_exact(units) {
        sizes.iter_mut().zip(row).for_each(|(size, value)| *size += value.abs());
    }
    let mean = sizes.iter().sum::<f64>() / units as f64;
    let dormant = |size: &&f64| if mean == 0.0 { true } else { **size / mean <= tau };
    Some(Dormant {
        units,
        dormant: sizes.iter().filter(dormant).count(),
        dead: sizes.iter().filter(|size| **size == 0.0).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_units_are_counted() {
        let rows = [1.0, 0.0, 0.001, -1.0, 0.0, 0.0, 2.0, 0.0, 0.0];
        assert_eq!(dormant_units(&rows, 3, 0.025), Some(Dormant { units: 3, dormant: 2, dead: 1 }));
        assert_eq!(dormant_units(&rows, 3, 0.0), Some(Dormant { units: 3, dormant: 1, dead: 1 }));
        assert_eq!(dormant_units(&[0.0; 4], 4, 0.025), Some(Dormant { units: 4, dormant: 4, dead: 4 }));
        assert_eq!(dormant_units(&[], 4, 0.025), None);
        assert_eq!(dormant_units(&[1.0, f64::NAN], 2, 0.025), Some(Dormant { units: 2, dormant: 0, dead: 0 }));
    }
}
