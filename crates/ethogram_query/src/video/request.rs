//! What can be asked of a film, and its spelling: the same words on the command line, in an address and in Python.

use std::ops::Range;
use std::str::FromStr;

use ethogram_video::{Blend, COLOUR_MAPS, ColourMap, Format, HeatLook, Layout, OUTLIERS_DEFAULT, OUTLIERS_MAX, Sign};

use crate::{Error, Result};

/// Stands for no picture and for no bars.
pub const NOTHING: &str = "none";
/// Opacity of the strongest places of an overlay, as in the web app.
pub const OVERLAY_OPACITY_DEFAULT: f64 = 0.8;
/// What [`Blend::Heads`] explains: what is added to blue, and what to red.
const HEADS: [&str; 2] = ["action", "value"];

/// Asks for a film.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoRequest {
    /// Of which episode.
    pub episode: u64,
    /// Which steps; cut to the episode. One frame a step.
    pub range: Range<u64>,
    /// What kind of file.
    pub format: Format,
    /// Frames a second; the environment's own when left out.
    pub fps: Option<f64>,
    /// The field of pictures: `frame`, else `observation`, else any, when left out; [`NOTHING`] for none.
    pub picture: Option<String>,
    /// The field whose numbers are bars; what the policy said of the actions when left out; [`NOTHING`] for none.
    pub bars: Option<String>,
    /// What the lengths of bars mean.
    pub axis: VideoAxis,
    /// Where the bars are.
    pub layout: Layout,
    /// How often a pixel of a picture is repeated in each direction; as often as there is room for when left out.
    pub scale: Option<u32>,
    /// Why the policy said so, laid over the observation.
    pub overlay: Option<Overlay>,
}

/// What the lengths of bars mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VideoAxis {
    /// The same in every frame: as far as the steps of the film reach.
    #[default]
    Fixed,
    /// As far as the numbers of the step reach.
    Auto,
}

impl VideoAxis {
    /// Every kind, in the order that people see.
    pub const ALL: [Self; 2] = [Self::Fixed, Self::Auto];

    /// `fixed` or `auto`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Auto => "auto",
        }
    }
}

/// What is laid over the observation; see [`crate::ExplanationRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// Name of one of [`crate::ATTRIBUTIONS`].
    pub method: String,
    /// What is explained; of [`Blend::Heads`] the action and the value are.
    pub target: String,
    /// Global step of the checkpoint; the one in force when left out.
    pub checkpoint: Option<i64>,
    /// Colours, how they meet the picture, and the opacity of the strongest places.
    pub look: HeatLook,
    /// Which numbers are shown.
    pub sign: Sign,
    /// Percent of the whole beyond the end of the scale, to [`OUTLIERS_MAX`].
    pub outliers: f64,
}

impl Default for Overlay {
    /// As Replay shows one, of a method still to be named.
    fn default() -> Self {
        Self {
            method: String::new(),
            target: "action".into(),
            checkpoint: None,
            look: HeatLook { opacity: OVERLAY_OPACITY_DEFAULT, ..HeatLook::default() },
            sign: Sign::Both,
            outliers: OUTLIERS_DEFAULT,
        }
    }
}

impl Overlay {
    /// What is explained: one target, or two that lie over the picture together.
    pub fn targets(&self) -> Vec<&str> {
        if self.look.blend == Blend::Heads { HEADS.to_vec() } else { vec![&self.target] }
    }
}

impl VideoRequest {
    /// Options that have a text, in the order that people see.
    pub const OPTIONS: [&str; 17] = [
        "from",
        "to",
        "format",
        "fps",
        "picture",
        "bars",
        "axis",
        "layout",
        "scale",
        "overlay",
        "target",
        "checkpoint",
        "opacity",
        "blend",
        "colours",
        "sign",
        "outliers",
    ];

    /// All of an episode, as it is shown when nobody says otherwise.
    pub fn new(episode: u64) -> Self {
        Self {
            episode,
            range: 0..u64::MAX,
            format: Format::Mp4,
            fps: None,
            picture: None,
            bars: None,
            axis: VideoAxis::Fixed,
            layout: Layout::Side,
            scale: None,
            overlay: None,
        }
    }

    /// The same with options by name; see [`VideoRequest::OPTIONS`].
    ///
    /// # Errors
    /// [`Error::BadParam`] for an option that is none of these, or has no such value.
    pub fn with_options<'a>(mut self, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut overlay = Overlay::default();
        let (mut about_overlay, mut is_target_given) = (None, false);
        for (name, text) in options {
            match name {
                "from" => self.range.start = number(name, text, "a whole number from 0")?,
                "to" => self.range.end = number(name, text, "a whole number from 0")?,
                "fps" => self.fps = Some(number(name, text, "frames a second")?),
                "scale" => self.scale = Some(number(name, text, "a whole number from 1")?),
                "picture" => self.picture = Some(text.to_owned()),
                "bars" => self.bars = Some(text.to_owned()),
                "format" => self.format = one_of(name, text, &Format::ALL, Format::name)?,
                "axis" => self.axis = one_of(name, text, &VideoAxis::ALL, VideoAxis::name)?,
                "layout" => self.layout = one_of(name, text, &Layout::ALL, Layout::name)?,
                "overlay" => text.clone_into(&mut overlay.method),
                "target" | "checkpoint" | "opacity" | "blend" | "colours" | "sign" | "outliers" => {
                    about_overlay = Some(name);
                    is_target_given |= name == "target";
                    overlay.set(name, text)?;
                }
                _ => return Err(bad(name, format!("one of {}", Self::OPTIONS.join(", ")), text)),
            }
        }
        match (overlay.method.as_str(), about_overlay) {
            ("" | NOTHING, Some(name)) => return Err(bad(name, "overlay= beside it".into(), "none")),
            ("" | NOTHING, None) => {}
            _ if !(0.0..=1.0).contains(&overlay.look.opacity) => {
                return Err(bad("opacity", "a number from 0 to 1".into(), &overlay.look.opacity.to_string()));
            }
            _ if !(0.0..=OUTLIERS_MAX).contains(&overlay.outliers) => {
                return Err(bad("outliers", format!("0 to {OUTLIERS_MAX} percent"), &overlay.outliers.to_string()));
            }
            _ if is_target_given && overlay.look.blend == Blend::Heads => {
                return Err(bad(
                    "target",
                    "none beside blend=heads, which is of the action and the value".into(),
                    &overlay.target,
                ));
            }
            _ => self.overlay = Some(overlay),
        }
        Ok(self)
    }
}

impl Overlay {
    fn set(&mut self, name: &str, text: &str) -> Result<()> {
        match name {
            "target" => text.clone_into(&mut self.target),
            "checkpoint" => self.checkpoint = Some(number(name, text, "a global step")?),
            "opacity" => self.look.opacity = number(name, text, "a number from 0 to 1")?,
            "outliers" => self.outliers = number(name, text, "percent")?,
            "blend" => self.look.blend = one_of(name, text, &Blend::ALL, Blend::name)?,
            "sign" => self.sign = one_of(name, text, &Sign::ALL, Sign::name)?,
            _ => {
                let known = || COLOUR_MAPS.iter().map(|map| map.name).collect::<Vec<_>>().join(", ");
                let found = ColourMap::from_name(text);
                self.look.colours = found.ok_or_else(|| bad(name, format!("one of {}", known()), text))?;
            }
        }
        Ok(())
    }
}

fn number<T: FromStr>(name: &str, text: &str, expected: &str) -> Result<T> {
    text.parse().map_err(|_| bad(name, expected.to_owned(), text))
}

fn one_of<T: Copy>(name: &str, text: &str, all: &[T], name_of: fn(T) -> &'static str) -> Result<T> {
    let found = all.iter().copied().find(|one| name_of(*one) == text);
    found.ok_or_else(|| bad(name, all.iter().map(|one| name_of(*one)).collect::<Vec<_>>().join(" or "), text))
}

fn bad(param: &str, expected: String, found: &str) -> Error {
    Error::BadParam { field: "video".into(), param: param.to_owned(), expected, found: format!("{found:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(options: &[(&str, &str)], expected: &str) {
        let error = VideoRequest::new(0).with_options(options.iter().copied()).expect_err("a bad option");
        assert!(error.is_bad_request());
        assert_eq!(error.to_string(), format!("parameter {expected}"), "{options:?}");
    }

    #[test]
    fn options_are_read_and_what_is_no_option_is_told() {
        let read = VideoRequest::new(3).with_options([
            ("from", "100"),
            ("to", "400"),
            ("format", "gif"),
            ("axis", "auto"),
            ("layout", "below"),
            ("overlay", "saliency"),
            ("checkpoint", "-1"),
        ]);
        let read = read.expect("options");
        assert_eq!((read.episode, read.range.clone(), read.format), (3, 100..400, Format::Gif));
        assert_eq!((read.axis, read.layout), (VideoAxis::Auto, Layout::Below));
        let overlay = read.overlay.expect("an overlay");
        assert_eq!(
            (overlay.method.as_str(), overlay.target.as_str(), overlay.checkpoint),
            ("saliency", "action", Some(-1))
        );
        assert_eq!((overlay.look.colours.name, overlay.targets()), ("page", vec!["action"]));
        let heads =
            VideoRequest::new(3).with_options([("overlay", "occlusion"), ("blend", "heads"), ("sign", "absolute")]);
        let heads = heads.expect("options").overlay.expect("an overlay");
        assert_eq!((heads.sign, heads.targets()), (Sign::Absolute, vec!["action", "value"]));
        assert_eq!(VideoRequest::new(0).with_options([("overlay", "none")]).expect("none").overlay, None);

        check(&[("layout", "left")], r#""layout" of "video": expected side or below, found "left""#);
        check(&[("fps", "many")], r#""fps" of "video": expected frames a second, found "many""#);
        check(&[("target", "greedy")], r#""target" of "video": expected overlay= beside it, found "none""#);
        check(
            &[("overlay", "saliency"), ("opacity", "NaN")],
            r#""opacity" of "video": expected a number from 0 to 1, found "NaN""#,
        );
        check(
            &[("overlay", "saliency"), ("colours", "jet")],
            r#""colours" of "video": expected one of page, red-blue, green-purple, viridis, magma, cividis, grey, found "jet""#,
        );
        check(
            &[("overlay", "saliency"), ("blend", "heads"), ("target", "2")],
            r#""target" of "video": expected none beside blend=heads, which is of the action and the value, found "2""#,
        );
        check(
            &[("overlay", "saliency"), ("outliers", "80")],
            r#""outliers" of "video": expected 0 to 50 percent, found "80""#,
        );
        let all = VideoRequest::OPTIONS.join(", ");
        check(&[("codec", "av1")], &format!(r#""codec" of "video": expected one of {all}, found "av1""#));
    }
}
