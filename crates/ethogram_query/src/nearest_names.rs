//! Names that are like one that nobody knows: what an error suggests.

use strsim::levenshtein;

/// Most names that are suggested.
const NAMES_MAX: usize = 3;
/// Letters that may differ, in long names; in short ones a third of theirs.
const EDITS_MAX: usize = 3;
/// Shorter words are part of too many names.
const PART_MIN: usize = 3;

/// The names of `known` that are most like `wanted`, the likest first; none when all are far from it.
///
/// Case does not count. A name is like another that it is a part of, and names with slashes are also compared part by part:
/// `td_los` is like `losses/td_loss`.
pub fn nearest_names<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut found: Vec<(usize, usize, &str)> =
        known.into_iter().filter_map(|name| Some((distance(&wanted, name)?, name.len(), name))).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(NAMES_MAX).map(|(_, _, name)| name.to_owned()).collect()
}

/// ` (did you mean "a" or "b"?)`, to follow the name in an error; empty where there are no names.
pub fn did_you_mean(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => format!(" (did you mean {one}?)"),
        [first @ .., last] => format!(" (did you mean {} or {last}?)", first.join(", ")),
    }
}

/// How far a name is from what is wanted, in letters; nothing when too far. `wanted` is in lower case.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let limit = EDITS_MAX.min(wanted.chars().count().div_ceil(3));
    let parts = name.split('/').chain([name.as_str()]);
    let near = |part: &&str| part.chars().count().abs_diff(wanted.chars().count()) <= limit;
    let by_edits = parts.filter(near).map(|part| levenshtein(wanted, part)).min().filter(|edits| *edits <= limit);
    let is_part = |part: &str, whole: &str| part.chars().count() >= PART_MIN && whole.contains(part);
    let by_part = if is_part(wanted, &name) { Some(1) } else { is_part(&name, wanted).then_some(2) };
    [by_edits, by_part].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, known: &[&str], expected: &[&str]) {
        assert_eq!(nearest_names(wanted, known.iter().copied()), expected, "{wanted}");
    }

    #[test]
    fn names_are_suggested_by_letters_parts_and_case() {
        let tags = ["losses/td_loss", "losses/q_values", "charts/episodic_return", "epsilon"];
        check("td_los", &tags, &["losses/td_loss"]);
        check("TD_Loss", &tags, &["losses/td_loss"]);
        check("loses", &tags, &["losses/td_loss", "losses/q_values"]);
        check("return", &tags, &["charts/episodic_return"]);
        check("epsilonn", &tags, &["epsilon"]);
        check("foo", &tags, &[]);
        check("", &tags, &[]);
        check("reward", &["rewards", "reward", "Reward", "award", "step"], &["Reward", "reward", "rewards"]);
        check("qvalues", &["value", "q_values", "q_values"], &["q_values", "value"]);
        check("grüße", &["grüsse", "größe"], &["größe", "grüsse"]);
    }

    #[test]
    fn a_suggestion_is_a_question() {
        let names = |names: &[&str]| did_you_mean(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&[]), "");
        assert_eq!(names(&["a"]), " (did you mean \"a\"?)");
        assert_eq!(names(&["a", "b", "c"]), " (did you mean \"a\", \"b\" or \"c\"?)");
    }
}
