//! Which names are meant: a pattern with `*`, or a regular expression between slashes.

use std::fmt;

use regex_lite::Regex;

/// Bytes of a pattern.
const PATTERN_BYTES_MAX: usize = 1 << 10;

/// Names that are meant.
#[derive(Clone, Debug)]
pub enum NamePattern {
    /// `*` stands for anything; the whole name must be so.
    Stars(String),
    /// `/^losses\/(td|q)_/`: found anywhere in the name.
    Regex(Regex),
}

impl NamePattern {
    /// Reads `losses/*` or `/^losses/`. It takes time linear in the name, whatever it is.
    ///
    /// # Errors
    /// What is wrong with the expression, as text.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!("a pattern of {} bytes, over the limit of {PATTERN_BYTES_MAX}", text.len()));
        }
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(expression) if !expression.is_empty() => Regex::new(expression)
                .map(Self::Regex)
                .map_err(|error| format!("expected a regular expression between the slashes of {text:?}: {error}")),
            _ => Ok(Self::Stars(text.to_owned())),
        }
    }

    /// Whether a name is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Stars(pattern) => is_as(pattern, name),
            Self::Regex(expression) => expression.is_match(name),
        }
    }
}

/// As it was written.
impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stars(pattern) => f.write_str(pattern),
            Self::Regex(expression) => write!(f, "/{expression}/"),
        }
    }
}

fn is_as(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_names() {
        for (pattern, name, expected) in [
            ("losses/td", "losses/td", true),
            ("losses/td", "losses/td2", false),
            ("losses/*", "losses/td", true),
            ("*loss*", "train/loss/value", true),
            ("*/td", "losses/td", true),
            ("a*b*a", "aba", true),
            ("a*b*a", "ab", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "x", false),
            ("/^losses\\/(td|q)_/", "losses/td_loss", true),
            ("/^losses\\/(td|q)_/", "x/losses/td_loss", false),
            ("/loss$/", "losses/td_loss", true),
            ("/(?i)LOSS/", "td_loss", true),
            ("/", "/", true),
            ("//", "//", true),
        ] {
            assert_eq!(NamePattern::parse(pattern).expect("a pattern").matches(name), expected, "{pattern} {name}");
        }
        let error = NamePattern::parse("/(a/").expect_err("no expression");
        assert!(error.starts_with("expected a regular expression between the slashes of \"/(a/\": "), "{error}");
        assert!(NamePattern::parse(&"a".repeat(2_000)).is_err());
        for text in ["losses/*", "/^a|b/"] {
            assert_eq!(NamePattern::parse(text).expect("a pattern").to_string(), text);
        }
    }
}
