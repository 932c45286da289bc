//! Episodes as people type them: `3`, `0..10`, `0..=9`, `42..`, and several with commas.

use std::ops::Range;

/// Some episodes of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episodes(Vec<Range<u64>>);

impl Episodes {
    /// **Errors**: a text that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(|part| range(part.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an episode is among them.
    pub fn holds(&self, episode: u64) -> bool {
        self.0.iter().any(|range| range.contains(&episode))
    }

    /// Episodes that were named one by one.
    pub fn singles(&self) -> impl Iterator<Item = u64> {
        self.0.iter().filter(|range| range.end - range.start == 1).map(|range| range.start)
    }
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let wrong =
        || format!("expected episodes such as 3, 0..10 (0 to 9), 0..=9 or 42.., with commas between, found {text:?}");
    let index = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let Some((first, last)) = text.split_once("..") else {
        let episode = index(text)?;
        return Ok(episode..episode.checked_add(1).ok_or_else(wrong)?);
    };
    let first = if first.is_empty() { 0 } else { index(first)? };
    let end = match last.strip_prefix('=') {
        Some(last) => index(last)?.checked_add(1).ok_or_else(wrong)?,
        None if last.is_empty() => u64::MAX,
        None => index(last)?,
    };
    if first < end { Ok(first..end) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episodes_are_read_as_people_type_them() {
        let check = |text: &str, expected: &[u64]| {
            let episodes = Episodes::parse(text).expect(text);
            let found: Vec<u64> = (0..50).filter(|&episode| episodes.holds(episode)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("3", &[3]);
        check("0..3,42", &[0, 1, 2, 42]);
        check("5..=6, 48..", &[5, 6, 48, 49]);
        check("..2", &[0, 1]);
        for text in ["", "x", "3..3", "5..2", "1,,2", "-1", "1...2", "18446744073709551615"] {
            let error = Episodes::parse(text).expect_err(text);
            assert!(error.starts_with("expected episodes such as 3, 0..10 (0 to 9)"), "{error}");
        }
    }
}
