//! The tags of some event files.

use std::collections::HashMap;

use xxhash_rust::xxh3::Xxh3DefaultBuilder;

/// Longest name of a plug-in that is kept; those that are known are shorter.
const PLUGIN_BYTES_MAX: usize = 64;

/// What was learnt of tags. A training logs its tags in the same order again and again: which one comes is guessed by the one that came
/// before it, and only looked up where that is wrong.
#[derive(Debug, Default)]
pub struct Tags {
    numbers: HashMap<Box<[u8]>, usize, Xxh3DefaultBuilder>,
    known: Vec<Tag>,
    last: usize,
}

/// What was learnt of a tag.
#[derive(Clone, Debug)]
pub struct Tag {
    bytes: Box<[u8]>,
    /// The one that followed it last.
    next: usize,
    /// For people.
    pub name: String,
    /// The plug-in of `TensorBoard` that it is for.
    pub plugin: String,
    /// Its number among the scalars.
    pub scalar: Option<usize>,
}

impl Tags {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// What is known of a tag.
    #[inline]
    pub fn find(&mut self, bytes: &[u8]) -> Option<&mut Tag> {
        let guess = self.known.get(self.last).map_or(0, |last| last.next);
        let number = match self.known.get(guess) {
            Some(tag) if *tag.bytes == *bytes => guess,
            _ => *self.numbers.get(bytes)?,
        };
        self.known[self.last].next = number;
        self.last = number;
        Some(&mut self.known[number])
    }

    /// Adds one that is not there yet.
    pub fn learn(&mut self, bytes: &[u8], plugin: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let number = self.known.len();
        self.numbers.insert(bytes.into(), number);
        let (name, plugin) = (text(bytes), text(&plugin[..plugin.len().min(PLUGIN_BYTES_MAX)]));
        self.known.push(Tag { bytes: bytes.into(), next: number, name, plugin, scalar: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_in_any_order() {
        let mut tags = Tags::default();
        assert!(tags.find(b"a").is_none());
        for name in ["a", "b", "c"] {
            tags.learn(name.as_bytes(), b"");
        }
        for name in ["a", "b", "c", "a", "b", "c", "b", "b", "a", "c"] {
            assert_eq!(tags.find(name.as_bytes()).map(|tag| tag.name.clone()).as_deref(), Some(name));
            assert!(tags.find(b"d").is_none());
        }
    }
}
