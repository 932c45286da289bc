//! Colours that tell factors apart.

use std::f64::consts::FRAC_PI_2;

/// Corners of the hexagon of hues, each of length 1, from red by yellow back to red.
const CORNERS: [[f64; 3]; 6] = {
    const HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
    [[1.0, 0.0, 0.0], [HALF, HALF, 0.0], [0.0, 1.0, 0.0], [0.0, HALF, HALF], [0.0, 0.0, 1.0], [HALF, 0.0, HALF]]
};

/// One colour a factor, red, green and blue, the largest of them 255: hues evenly around the hexagon, drawn away from the
/// primary colours, near which hues look alike.
pub fn factor_colours(count: usize) -> Vec<[u8; 3]> {
    (0..count).map(|index| colour(6.0 * index as f64 / count as f64)).collect()
}

/// `hue` counts corners.
fn colour(hue: f64) -> [u8; 3] {
    let corner = hue.floor();
    let along = hue - corner;
    let warped = |share: f64| (share * FRAC_PI_2).sin();
    let corner = corner as usize % CORNERS.len();
    let along = if corner.is_multiple_of(2) { warped(along) } else { 1.0 - warped(1.0 - along) };
    let (from, to) = (CORNERS[corner], CORNERS[(corner + 1) % CORNERS.len()]);
    let mixed: [f64; 3] = std::array::from_fn(|at| (1.0 - along) * from[at] + along * to[at]);
    let largest = mixed.into_iter().fold(f64::MIN_POSITIVE, f64::max);
    mixed.map(|value| (255.0 * value / largest).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_understanding_rl_vision() {
        let hex = |count| {
            let text = |[r, g, b]: [u8; 3]| format!("#{r:02x}{g:02x}{b:02x}");
            factor_colours(count).into_iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(hex(3), ["#ff0000", "#00ff00", "#0000ff"]);
        assert_eq!(hex(4), ["#ff0000", "#a1ff00", "#00ffff", "#a100ff"]);
        let eight = ["#ff0000", "#ffe400", "#a1ff00", "#00ff4e", "#00ffff", "#004eff", "#a100ff", "#ff00e4"];
        assert_eq!(hex(8), eight);
    }
}
