//! Means of runs: those of the groups that the page of curves can draw as one line (`web/src/curves/grouping.ts`).

use std::collections::{BTreeMap, BTreeSet};

use ethogram_query::GROUP_RUNS_MAX;
use serde_json::{Value, json};

use super::{
    maker::{BUCKETS, Maker},
    run::DescribedRun,
};
use crate::error::ApiResult;

/// The groups of a report.
#[derive(Default)]
pub struct Groups {
    /// What runs can be grouped by, as the page calls it.
    pub by: Vec<&'static str>,
    /// The runs of each group, a set once.
    pub runs: Vec<BTreeSet<String>>,
}

impl Groups {
    /// Of rows of the table of runs. What puts no two of them together is left out; so is, and told in `left_out`, what makes a group of
    /// more runs than one curve is of.
    pub fn of(rows: &[Value], left_out: &mut Vec<String>) -> Self {
        let mut found = Self::default();
        for by in ["group", "name", "all"] {
            let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for row in rows {
                groups.entry(label(row, by)).or_default().insert(text(row, "id").to_owned());
            }
            let largest = groups.values().map(BTreeSet::len).max().unwrap_or_default();
            if by == "group" && groups.keys().all(|label| label.is_empty()) {
                continue;
            }
            if largest > GROUP_RUNS_MAX {
                left_out.push(format!("means by {by}: a group has {largest} runs, more than {GROUP_RUNS_MAX}"));
            } else if largest > 1 {
                found.by.push(by);
                found.runs.extend(groups.into_values());
            }
        }
        let mut seen = BTreeSet::new();
        found.runs.retain(|runs| seen.insert(runs.clone()));
        found
    }

    /// Axis and tag of each curve of a group: those that any of its runs has.
    fn tags<'a>(&self, group: usize, runs: &'a [DescribedRun]) -> BTreeSet<&'a (String, String)> {
        runs.iter().filter(|run| self.runs[group].contains(&run.id)).flat_map(|run| &run.tags).collect()
    }

    /// How many curves there are.
    pub fn curves(&self, runs: &[DescribedRun]) -> u64 {
        (0..self.runs.len()).map(|group| self.tags(group, runs).len() as u64).sum()
    }

    /// Keeps the mean of each group, whole, with its interval.
    pub async fn keep(&self, maker: &mut Maker<'_>, runs: &[DescribedRun]) -> ApiResult<()> {
        for group in 0..self.runs.len() {
            for (axis, tag) in self.tags(group, runs) {
                let has = |run: &&DescribedRun| run.tags.iter().any(|(of, name)| of == axis && name == tag);
                let members = runs.iter().filter(|run| self.runs[group].contains(&run.id)).filter(has);
                let ids: Vec<&String> = members.map(|run| &run.id).collect();
                let body = json!({"series": [{"runs": ids, "axis": axis, "tag": tag}], "buckets": BUCKETS});
                let answer = maker.asker.ask(&["series"], &[], Some(&body)).await?;
                let query = [("group", group.to_string()), ("axis", axis.clone()), ("tag", tag.clone())];
                maker.keep_answer("means of runs", &["series"], &query, &answer).await?;
            }
        }
        Ok(())
    }
}

/// What a run is put together with others by.
fn label<'a>(row: &'a Value, by: &str) -> &'a str {
    match (by, text(row, "name")) {
        ("group", _) => text(row, "group"),
        ("name", "") => seedless(text(row, "id")),
        ("name", name) => seedless(name),
        _ => "",
    }
}

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or_default()
}

/// A name without the seed at its end, as `web/src/state/seeds.ts` takes it off; the whole name when nothing else would be left.
fn seedless(name: &str) -> &str {
    let is_separator = |sign: char| "-_ .".contains(sign);
    let without_digits = |text: &str| text.trim_end_matches(|sign: char| sign.is_ascii_digit()).len();
    let without_separators = |text: &str| -> Option<usize> {
        let length = text.trim_end_matches(is_separator).len();
        (length < text.len()).then_some(length)
    };
    let stamp = |text: &str| {
        let end = without_digits(text);
        (text.len() - end >= 9).then(|| without_separators(&text[..end])).flatten()
    };
    let seed = |text: &str| {
        let end = without_digits(text);
        let before = &text[..end];
        if end == text.len() {
            return None;
        }
        let joints = [Some(before), before.strip_suffix(['-', '_', ' ', '='])];
        let words = joints.into_iter().flatten().flat_map(|text| {
            let without = |word: &str| {
                let at = text.len().checked_sub(word.len())?;
                (text.is_char_boundary(at) && text[at..].eq_ignore_ascii_case(word)).then(|| &text[..at])
            };
            [Some(text), without("s"), without("seed")]
        });
        words.flatten().filter_map(without_separators).min()
    };
    let unstamped = stamp(name).map_or(name, |end| &name[..end]);
    match seed(unstamped).map_or(unstamped, |end| &unstamped[..end]) {
        "" => name,
        rest => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_seed_as_in_the_app() {
        let names: Vec<(String, String)> =
            serde_json::from_str(include_str!("../../../../web/testdata/seedless.json")).expect("pairs of names");
        for (name, expected) in &names {
            assert_eq!(seedless(name), *expected, "{name}");
        }
    }

    fn row(id: &str, name: &str, group: Option<&str>) -> Value {
        json!({"id": id, "name": name, "group": group})
    }

    #[test]
    fn what_puts_runs_together_is_kept_and_each_set_once() {
        let mut left_out = Vec::new();
        let rows = [row("1", "a-0", None), row("2", "a-1", None), row("3", "b-0", None)];
        let found = Groups::of(&rows, &mut left_out);
        let sets: Vec<Vec<&str>> = found.runs.iter().map(|runs| runs.iter().map(String::as_str).collect()).collect();
        assert_eq!((found.by, sets), (vec!["name", "all"], vec![vec!["1", "2"], vec!["3"], vec!["1", "2", "3"]]));
        let rows = [row("1", "a-0", Some("x")), row("2", "a-1", Some("x"))];
        let found = Groups::of(&rows, &mut left_out);
        assert_eq!((found.by, found.runs.len()), (vec!["group", "name", "all"], 1));
        assert_eq!(Groups::of(&rows[..1], &mut left_out).by, [""; 0]);
        assert_eq!(left_out, [""; 0]);
        let many: Vec<Value> = (0..257).map(|id| row(&id.to_string(), &format!("r{id}x"), None)).collect();
        assert_eq!(Groups::of(&many, &mut left_out).by, [""; 0]);
        assert_eq!(left_out, ["means by all: a group has 257 runs, more than 256"]);
    }
}
