//! Text at the points of a map: few different values have a colour each, and a name in the legend.

use std::collections::BTreeMap;

use super::request::wrong;
use crate::Result;

/// Most different texts that points are coloured by: more cannot be told apart.
pub const MAP_WORDS_MAX: usize = 48;

/// Different texts of a field, each with the number that it was given when it was first seen.
#[derive(Default)]
pub struct Words(BTreeMap<String, usize>);

impl Words {
    /// The number of a text of `field`.
    ///
    /// **Errors**: there are more than [`MAP_WORDS_MAX`].
    pub fn number(&mut self, field: &str, text: &str) -> Result<f64> {
        let next = self.0.len();
        if let Some(known) = self.0.get(text) {
            return Ok(*known as f64);
        }
        if next == MAP_WORDS_MAX {
            let name: String = field.chars().take(64).collect();
            let expected = format!("numbers, or text with at most {MAP_WORDS_MAX} different values (MAP_WORDS_MAX)");
            return Err(wrong(
                &name,
                &expected,
                &format!("text with more, {:?} among them", text.chars().take(64).collect::<String>()),
            ));
        }
        self.0.insert(text.to_owned(), next);
        Ok(next as f64)
    }

    /// None was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Numbers in the order of the texts, whichever was seen first, and the texts.
    pub fn sorted(self, values: Vec<Option<f64>>) -> (Vec<Option<f64>>, Vec<String>) {
        let mut place = vec![0.0; self.0.len()];
        self.0.values().enumerate().for_each(|(at, seen)| place[*seen] = at as f64);
        let values = values.into_iter().map(|value| value.map(|seen| place[seen as usize])).collect();
        let named = |text: String| if text.is_empty() { "(empty)".to_owned() } else { text };
        (values, self.0.into_keys().map(named).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_in_their_order() {
        let mut words = Words::default();
        let seen: Vec<Option<f64>> =
            ["stand", "fall", "", "stand"].iter().map(|text| words.number("mood", text).ok()).collect();
        assert_eq!(seen, [Some(0.0), Some(1.0), Some(2.0), Some(0.0)]);
        let (values, names) = words.sorted([seen, vec![None]].concat());
        assert_eq!(names, ["(empty)", "fall", "stand"]);
        assert_eq!(values, [Some(2.0), Some(1.0), Some(0.0), Some(2.0), None]);
    }

    #[test]
    fn more_than_can_be_told_apart_are_refused() {
        let mut words = Words::default();
        for at in 0..MAP_WORDS_MAX {
            words.number("id", &at.to_string()).expect("few");
        }
        assert!(words.number("id", "3").is_ok(), "a known one");
        let error = words.number("id", "one more").expect_err("too many").to_string();
        assert!(
            error.contains("id") && error.contains("at most 48 different values") && error.contains("one more"),
            "{error}"
        );
    }
}
