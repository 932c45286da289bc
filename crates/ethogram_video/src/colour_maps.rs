//! Colours for numbers laid over pictures, as Replay has them (`web/src/theme/colour_maps.ts`; a test there and one here
//! hold both against `testdata/heat_colours.txt`).

use crate::Rgb;
use crate::theme::{COLD, SURFACE, WARM};

/// Colours at even distances, mixed in sRGB between them.
///
/// **Source** viridis, magma: van der Walt and Smith 2015; cividis: Nuñez, Anderton and Renslow 2018; the diverging ones: Brewer's `RdBu` and
/// `PRGn`, 1994, cold below zero.
#[derive(Debug, PartialEq, Eq)]
pub struct ColourMap {
    /// As people write it.
    pub name: &'static str,
    /// One colour in the middle for zero, and a side for each sign; otherwise magnitude alone has a colour.
    pub diverging: bool,
    anchors: &'static [u32],
}

/// Every map, in the order that people see. The first has the colours of the app's light page.
pub const COLOUR_MAPS: &[ColourMap] = &[
    ColourMap { name: "page", diverging: true, anchors: &[number(COLD), number(SURFACE), number(WARM)] },
    ColourMap {
        name: "red-blue",
        diverging: true,
        anchors: &[
            0x05_30_61, 0x21_66_ac, 0x43_93_c3, 0x92_c5_de, 0xd1_e5_f0, 0xf7_f7_f7, 0xfd_db_c7, 0xf4_a5_82, 0xd6_60_4d,
            0xb2_18_2b, 0x67_00_1f,
        ],
    },
    ColourMap {
        name: "green-purple",
        diverging: true,
        anchors: &[
            0x40_00_4b, 0x76_2a_83, 0x99_70_ab, 0xc2_a5_cf, 0xe7_d4_e8, 0xf7_f7_f7, 0xd9_f0_d3, 0xa6_db_a0, 0x5a_ae_61,
            0x1b_78_37, 0x00_44_1b,
        ],
    },
    ColourMap {
        name: "viridis",
        diverging: false,
        anchors: &[
            0x44_01_54, 0x48_24_75, 0x41_44_87, 0x35_5f_8d, 0x2a_78_8e, 0x21_91_8c, 0x22_a8_84, 0x44_bf_70, 0x7a_d1_51,
            0xbd_df_26, 0xfd_e7_25,
        ],
    },
    ColourMap {
        name: "magma",
        diverging: false,
        anchors: &[
            0x00_00_04, 0x14_0e_36, 0x3b_0f_70, 0x64_1a_80, 0x8c_29_81, 0xb7_37_79, 0xde_49_68, 0xf7_70_5c, 0xfe_9f_6d,
            0xfe_cf_92, 0xfc_fd_bf,
        ],
    },
    ColourMap {
        name: "cividis",
        diverging: false,
        anchors: &[
            0x00_20_4d, 0x00_33_6f, 0x39_48_6b, 0x57_5d_6d, 0x70_71_73, 0x8a_87_79, 0xa6_9d_75, 0xc4_b5_6c, 0xe4_cf_5b,
            0xff_ea_46,
        ],
    },
    ColourMap { name: "grey", diverging: false, anchors: &[0x00_00_00, 0xff_ff_ff] },
];

impl ColourMap {
    /// The map of a name.
    pub fn from_name(name: &str) -> Option<&'static Self> {
        COLOUR_MAPS.iter().find(|map| map.name == name)
    }

    /// The colour of a value: from −1 to 1 where it is diverging, else of its magnitude, from 0 to 1; one of 256.
    pub fn colour(&self, value: f32) -> Rgb {
        let within = f64::from(value).clamp(-1.0, 1.0);
        let part = if self.diverging { f64::midpoint(within, 1.0) } else { within.abs() };
        self.entry((255.0 * part).round() as u8)
    }

    /// One of the 256 colours.
    fn entry(&self, index: u8) -> Rgb {
        let at = f64::from(index) / 255.0 * (self.anchors.len() - 1) as f64;
        let low = (at.floor() as usize).min(self.anchors.len() - 2);
        let (from, to) = (channels(self.anchors[low]), channels(self.anchors[low + 1]));
        let mixed = |channel: usize| {
            let (from, to) = (f64::from(from[channel]), f64::from(to[channel]));
            // As a browser rounds bytes that are clamped.
            (from + (to - from) * (at - low as f64)).round_ties_even() as u8
        };
        Rgb([mixed(0), mixed(1), mixed(2)])
    }
}

const fn number(Rgb([r, g, b]): Rgb) -> u32 {
    u32::from_be_bytes([0, r, g, b])
}

const fn channels(colour: u32) -> [u8; 3] {
    let [_, r, g, b] = colour.to_be_bytes();
    [r, g, b]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    /// what Replay draws with is what films draw with.
    #[test]
    fn row_a8_every_map_has_the_colours_of_the_browser() {
        let of_browser = golden::lines("table");
        assert_eq!(of_browser.len(), COLOUR_MAPS.len());
        for (map, words) in COLOUR_MAPS.iter().zip(&of_browser) {
            assert_eq!(words[0], map.name, "in the same order");
            assert_eq!(words[1], map.diverging.to_string());
            let own: Vec<u8> = (0..=255).flat_map(|index| map.entry(index).0).collect();
            assert_eq!(golden::hex(&own), words[2], "{}", map.name);
        }
    }

    #[test]
    fn maps_are_found_by_name_and_values_by_sign() {
        let map = ColourMap::from_name("red-blue").expect("a map");
        assert_eq!(map.colour(-1.0), Rgb([0x05, 0x30, 0x61]));
        assert_eq!(map.colour(7.0), Rgb([0x67, 0x00, 0x1f]), "cut at 1");
        let map = ColourMap::from_name("viridis").expect("a map");
        assert_eq!(map.colour(-1.0), map.colour(1.0), "magnitude alone");
        assert_eq!(ColourMap::from_name("jet"), None);
    }
}
