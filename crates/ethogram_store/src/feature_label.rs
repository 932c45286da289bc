//! What people call a feature of a layer.

use serde::{Deserialize, Serialize};

use crate::document::check_text;
use crate::notes::{TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use crate::{Error, Result};

/// Most labels of features in the notes of a run.
pub const FEATURE_LABELS_MAX: usize = 1_000;

/// A name, a colour and a note for a feature: one of some factors into which what a layer holds was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureLabel {
    /// The layer, as in the network's file.
    pub layer: String,
    /// Global step of the network.
    pub checkpoint: i64,
    /// What was taken apart: `activations`, or attributions of a target.
    pub of: String,
    /// How many factors there are.
    pub factors: u32,
    /// Which of them, from 0.
    pub index: u32,
    /// A few words.
    #[serde(default)]
    pub name: String,
    /// As `#rrggbb`; `None` where nobody chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// Free text, shown as it is.
    #[serde(default)]
    pub note: String,
}

impl FeatureLabel {
    /// Brings labels into the order in which they are kept.
    ///
    /// # Errors
    /// Something is over a limit, which is named, or cannot be kept.
    pub(crate) fn check_all(labels: &mut [Self]) -> Result<()> {
        if labels.len() > FEATURE_LABELS_MAX {
            return Err(bad("their number is over FEATURE_LABELS_MAX (1000)"));
        }
        for label in labels.iter() {
            check_text("the layer of a feature", &label.layer, TITLE_CHARS_MAX, false)?;
            check_text("what a feature is of", &label.of, TITLE_CHARS_MAX, false)?;
            check_text("the name of a feature", &label.name, TITLE_CHARS_MAX, false)?;
            check_text("the note of a feature", &label.note, TEXT_CHARS_MAX, true)?;
            if label.index >= label.factors {
                return Err(bad("one has an index that is not below its number of factors"));
            }
            if label.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
                return Err(bad("a colour is not of the form #rrggbb"));
            }
        }
        labels.sort();
        let same = |a: &Self, b: &Self| {
            (&a.layer, a.checkpoint, &a.of, a.factors, a.index) == (&b.layer, b.checkpoint, &b.of, b.factors, b.index)
        };
        if labels.windows(2).any(|pair| same(&pair[0], &pair[1])) {
            return Err(bad("a feature has two"));
        }
        Ok(())
    }
}

fn bad(why: &'static str) -> Error {
    Error::BadDocument { what: "the labels of features of the run".to_owned(), why }
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(index: u32, name: &str) -> FeatureLabel {
        FeatureLabel {
            layer: "conv".into(),
            of: "value".into(),
            factors: 8,
            index,
            name: name.into(),
            ..Default::default()
        }
    }

    #[test]
    fn labels_are_ordered_and_what_cannot_be_is_told() {
        let mut labels = vec![label(3, "paddle"), label(1, "ball")];
        FeatureLabel::check_all(&mut labels).expect("fine");
        assert_eq!(labels.iter().map(|label| label.index).collect::<Vec<_>>(), [1, 3]);
        let mut refused = |change: &dyn Fn(&mut FeatureLabel)| {
            let mut one = label(2, "wall");
            change(&mut one);
            labels.push(one);
            let error = FeatureLabel::check_all(&mut labels.clone()).expect_err("refused").to_string();
            labels.pop();
            error
        };
        assert!(refused(&|label| label.colour = Some("red".into())).contains("#rrggbb"));
        assert!(refused(&|label| label.index = 8).contains("index"));
        assert!(refused(&|label| label.index = 3).contains("two"));
        assert!(refused(&|label| label.name = "x".repeat(201)).contains("name of a feature"));
        refused_not(&mut labels);
    }

    fn refused_not(labels: &mut Vec<FeatureLabel>) {
        labels.push(FeatureLabel { colour: Some("#00fF12".into()), ..label(5, "") });
        FeatureLabel::check_all(labels).expect("a colour in either case");
    }
}
