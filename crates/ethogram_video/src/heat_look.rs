//! How numbers over a picture look: their colours, and how these meet the picture.

use crate::theme::{COLD, WARM};
use crate::{COLOUR_MAPS, ColourMap, Rgb};

/// How colours meet the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Blend {
    /// Over it, the weaker the clearer.
    #[default]
    Over,
    /// Over it without its colours.
    Grey,
    /// Instead of it.
    Alone,
    /// A spotlight: dark where nothing matters.
    Multiply,
    /// Two at once, added to its channels: the policy in blue, the value in red.
    Heads,
}

impl Blend {
    /// Every way, in the order that people see.
    pub const ALL: [Self; 5] = [Self::Over, Self::Grey, Self::Alone, Self::Multiply, Self::Heads];

    /// `over`, `grey`, `alone`, `multiply` or `heads`, as in an address of Replay.
    pub fn name(self) -> &'static str {
        match self {
            Self::Over => "over",
            Self::Grey => "grey",
            Self::Alone => "alone",
            Self::Multiply => "multiply",
            Self::Heads => "heads",
        }
    }
}

/// How an overlay looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatLook {
    /// How colours meet the picture.
    pub blend: Blend,
    /// Which colours.
    pub colours: &'static ColourMap,
    /// Of the strongest cells, from 0 to 1.
    pub opacity: f64,
}

impl Default for HeatLook {
    /// Warm above zero, cold below, over the picture; opaque where it is strongest.
    fn default() -> Self {
        Self { blend: Blend::Over, colours: &COLOUR_MAPS[0], opacity: 1.0 }
    }
}

impl HeatLook {
    /// The colour of a value from −1 to 1, and how much of it lies on the picture, 0 to 255. The page's own two colours are pure over a picture,
    /// for clearness tells magnitude already.
    pub fn paint(&self, value: f32) -> (Rgb, u8) {
        // The square root lifts the middle, as the eye is used to.
        let strength = f64::from(value.abs()).min(1.0).sqrt();
        let byte = |levels: f64| levels.round() as u8;
        match self.blend {
            Blend::Multiply => (Rgb([0; 3]), byte(255.0 * self.opacity * (1.0 - strength))),
            Blend::Alone => (self.colours.colour(value), 255),
            _ if self.colours == &COLOUR_MAPS[0] => {
                (if value >= 0.0 { WARM } else { COLD }, byte(255.0 * (self.opacity * strength)))
            }
            _ => (self.colours.colour(value), byte(255.0 * (self.opacity * strength))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{golden, theme};

    /// Values that the test in the browser paints, too.
    const VALUES: [f32; 9] = [-1.0, -0.7, -0.3, -0.001, 0.0, 0.05, 0.2, 0.6, 1.0];
    const OPACITY: f64 = 0.8;

    /// each value has the colour and the share that it has in Replay, in every map and every way to draw.
    #[test]
    fn row_a8_every_look_paints_as_the_browser() {
        let of_browser = golden::lines("paint");
        assert_eq!(of_browser.len(), COLOUR_MAPS.len() * (Blend::ALL.len() - 1));
        for words in of_browser {
            let colours = ColourMap::from_name(words[0]).expect("a map");
            let blend = Blend::ALL.into_iter().find(|blend| blend.name() == words[1]).expect("a way to draw");
            let look = HeatLook { blend, colours, opacity: OPACITY };
            let own: Vec<u8> = VALUES
                .iter()
                .flat_map(|value| {
                    let (Rgb([r, g, b]), share) = look.paint(*value);
                    [r, g, b, share]
                })
                .collect();
            assert_eq!(golden::hex(&own), words[2], "{} {}", words[0], words[1]);
        }
        let heads = golden::lines("heads");
        let own: Vec<u8> = VALUES.iter().map(|value| theme::added(*value, OPACITY)).collect();
        assert_eq!(golden::hex(&own), heads[0][0]);
    }
}
