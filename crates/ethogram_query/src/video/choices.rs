//! The choices of an action: their names, which was taken, which is highest.

use std::ops::Range;

use ethogram_store::{EnvSpec, Space};

use crate::action_counts::leaf;

/// What the entries of a row of numbers, one a choice, stand for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choices {
    pub names: Vec<String>,
    /// Entries that exclude each other: all of a discrete action, those of one part of a multi-discrete one.
    pub groups: Vec<Range<usize>>,
    /// The first action of a discrete space.
    start: i64,
    /// Each entry is a switch of its own.
    switches: bool,
}

impl Choices {
    /// Of `action` (`action`, or a part of a nested one) when a row has `count` numbers.
    pub fn new(env: Option<&EnvSpec>, action: &str, count: usize) -> Self {
        let space = env.and_then(|env| env.action_space.as_ref()).and_then(|space| leaf(space, action));
        let groups = groups(space, count);
        let start = if let Some(Space::Discrete { start, .. }) = space { *start } else { 0 };
        let switches = matches!(space, Some(Space::MultiBinary { .. }));
        let meanings = env.filter(|_| action == "action").map_or(&[][..], |env| &env.action_meanings);
        let name = |entry: usize| {
            if groups.len() > 1 {
                let part = groups.iter().position(|group| group.contains(&entry)).unwrap_or(0);
                return format!("choice {part}: {}", entry - groups[part].start);
            }
            match meanings.get(entry).filter(|name| !name.is_empty()) {
                Some(name) => name.clone(),
                None if switches => format!("switch {entry}"),
                None => format!("action {}", entry as i64 + start),
            }
        };
        Self { names: (0..count).map(name).collect(), groups: groups.clone(), start, switches }
    }

    /// Entries that were taken, given the action as it was logged; none when that is not known.
    pub fn taken(&self, action: &[f64]) -> Vec<usize> {
        if self.switches {
            return (0..self.names.len().min(action.len())).filter(|&entry| action[entry] > 0.5).collect();
        }
        if action.len() != self.groups.len() {
            return Vec::new();
        }
        let entry = |(group, action): (&Range<usize>, &f64)| {
            let index = action - self.start as f64;
            let inside = index.fract() == 0.0 && index >= 0.0 && index < group.len() as f64;
            inside.then(|| group.start + index as usize)
        };
        self.groups.iter().zip(action).filter_map(entry).collect()
    }

    /// The largest of each group, the first of equals; none of a group without numbers.
    pub fn highest(&self, values: &[f64]) -> Vec<usize> {
        let best = |group: &Range<usize>| {
            let mut best: Option<usize> = None;
            for entry in group.clone() {
                let value = values.get(entry).copied().unwrap_or(f64::NAN);
                if !value.is_nan() && best.is_none_or(|best| value > values[best]) {
                    best = Some(entry);
                }
            }
            best
        };
        self.groups.iter().filter_map(best).collect()
    }
}

fn groups(space: Option<&Space>, count: usize) -> Vec<Range<usize>> {
    let all = || vec![Range { start: 0, end: count }];
    let Some(Space::MultiDiscrete { nvec, .. }) = space else { return all() };
    let mut groups = Vec::new();
    let mut end = 0_usize;
    for &n in nvec {
        let start = end;
        let Some(next) = usize::try_from(n).ok().and_then(|n| start.checked_add(n)) else { return all() };
        end = next;
        groups.push(start..end);
    }
    if end == count { groups } else { all() }
}

/// The action of a step in words: the names of what was taken, or its numbers.
pub(crate) fn action_in_words(env: Option<&EnvSpec>, action: &[f64]) -> String {
    /// Numbers that are told.
    const NUMBERS: usize = 4;
    let space = env.and_then(|env| env.action_space.as_ref());
    if let (&[one], Some(Space::Discrete { n, .. })) = (action, space)
        && let Ok(count) = usize::try_from(*n)
        && count <= 1 << 16
    {
        let choices = Choices::new(env, "action", count);
        if let Some(&entry) = choices.taken(&[one]).first() {
            return choices.names[entry].clone();
        }
    }
    if let (&[one], None) = (action, space)
        && one.fract() == 0.0
        && one >= 0.0
        && let Some(name) = env.and_then(|env| env.action_meanings.get(one as usize)).filter(|name| !name.is_empty())
    {
        return name.clone();
    }
    let more = if action.len() > NUMBERS { ", …" } else { "" };
    let told: Vec<_> = action.iter().take(NUMBERS).map(|value| ethogram_video::text_from_number(*value)).collect();
    told.join(", ") + more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(space: &str, meanings: &[&str]) -> EnvSpec {
        EnvSpec {
            action_space: Some(serde_json::from_str(space).expect("a space")),
            action_meanings: meanings.iter().map(|name| (*name).to_owned()).collect(),
            ..EnvSpec::default()
        }
    }

    #[test]
    fn names_and_marks_follow_the_action_space() {
        let discrete = env(r#"{"type":"discrete","n":3,"start":-1}"#, &["left", "", "right"]);
        let choices = Choices::new(Some(&discrete), "action", 3);
        assert_eq!(choices.names, ["left", "action 0", "right"]);
        assert_eq!(choices.taken(&[1.0]), [2]);
        assert_eq!(choices.taken(&[2.0]), [0_usize; 0], "none of the space");
        assert_eq!(choices.taken(&[f64::NAN]), [0_usize; 0]);
        assert_eq!(choices.highest(&[f64::NAN, 2.0, 2.0]), [1], "the first of equals");
        assert_eq!(action_in_words(Some(&discrete), &[1.0]), "right");

        let multi = env(r#"{"type":"multi_discrete","nvec":[2,3],"shape":[2]}"#, &[]);
        let choices = Choices::new(Some(&multi), "action", 5);
        assert_eq!(choices.names[3], "choice 1: 1");
        assert_eq!(choices.taken(&[1.0, 2.0]), [1, 4]);
        assert_eq!(choices.highest(&[0.0, 1.0, 5.0, 1.0, 2.0]), [1, 2]);
        assert_eq!(action_in_words(Some(&multi), &[1.0, 2.0]), "1, 2");

        let binary = env(r#"{"type":"multi_binary","shape":[3]}"#, &[]);
        let choices = Choices::new(Some(&binary), "action", 3);
        assert_eq!((choices.names[2].as_str(), choices.taken(&[1.0, 0.0, 1.0])), ("switch 2", vec![0, 2]));
    }

    #[test]
    fn without_a_space_numbers_are_told_and_choices_are_one_group() {
        assert_eq!(Choices::new(None, "action", 2).names, ["action 0", "action 1"]);
        assert_eq!(action_in_words(None, &[0.5, -1.0, 2.0, 3.0, 4.0]), "0.5, −1, 2, 3, …");
        assert_eq!(action_in_words(None, &[]), "");
    }
}
