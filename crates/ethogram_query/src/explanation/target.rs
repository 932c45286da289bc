//! What is explained, as people write it.
//!
//! One grammar for the address bar, the command line and Python; `docs/http.md` lists it.

use crate::{Error, Result};

/// What is asked about, one or several answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// One answer.
    One(TargetName),
    /// The K most likely actions that no earlier answer of the same question is about, the likeliest first.
    Top(usize),
    /// Every action, or dimension, by index; of several choices at once every joint action, the likeliest first.
    All,
}

/// A number that a network gives.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetName {
    /// The number of an action.
    Of(Term),
    /// Why the first and not the second.
    Difference(Term, Term),
    /// What the critic says.
    Value,
    /// Entropy of the policy.
    Entropy,
    /// Log-density of the continuous action that was taken.
    LogDensity,
    /// What an action is worth.
    Q(Term),
    /// What one head of an ensemble says an action is worth.
    Head(usize, Term),
    /// Mean of the lowest share of an action's returns.
    Cvar(f32, Term),
    /// Quantile of an action's return.
    Quantile(f32, Term),
}

/// Which action, or which of several.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// The one taken; of several choices that of one part.
    Action(Option<usize>),
    /// The one with the largest output; of several choices that of one part.
    Greedy(Option<usize>),
    /// The k-th likeliest, from 1.
    Rank(usize),
    /// One by index; or one dimension of a continuous action.
    Entry(usize),
    /// Of several choices at once, one choice of one part.
    Choice(usize, usize),
    /// Several at once.
    Sum(Vec<Term>),
    /// One by the name that the environment gives it.
    Named(String),
    /// A group of actions that the environment names.
    Group(String),
}

/// Most answers to one question.
pub const ANSWERS_MAX: usize = 64;

const EXPECTED: &str = "action, greedy, value, an index such as 3, a difference such as 3-1, a sum such as 0+2, 1:2 (choice 2 of part 1), \
                        name:ACTION, group:NAME, top3, all, q:3, cvar:0.1, quantile:0.5, head:0, entropy or log_density";

impl Asked {
    /// Reads one target, or several with commas between.
    ///
    /// **Errors**: what could have been written.
    pub fn parse(text: &str) -> Result<Vec<Asked>> {
        let wrong = || Error::BadParam {
            field: "attribution".to_owned(),
            param: "target".to_owned(),
            expected: EXPECTED.to_owned(),
            found: text.chars().take(64).collect(),
        };
        let asked: Option<Vec<Asked>> = text.split(',').map(|one| Asked::one(one.trim())).collect();
        let asked = asked.ok_or_else(wrong)?;
        let count = asked.iter().map(|one| if let Asked::Top(k) = one { *k } else { 1 }).sum::<usize>();
        if count > ANSWERS_MAX {
            let what = "targets of one question (ANSWERS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: ANSWERS_MAX as u64, found: count as u64 });
        }
        Ok(asked)
    }

    fn one(text: &str) -> Option<Asked> {
        if text == "all" {
            return Some(Asked::All);
        }
        if let Some(k) = text.strip_prefix("top").filter(|rest| !rest.starts_with(':')) {
            return k.parse().ok().filter(|&k| k > 0).map(Asked::Top);
        }
        TargetName::parse(text).map(Asked::One)
    }
}

impl TargetName {
    /// `None` for what is no target.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "value" => return Some(TargetName::Value),
            "entropy" => return Some(TargetName::Entropy),
            "log_density" => return Some(TargetName::LogDensity),
            _ => {}
        }
        if let Some((kind, rest)) = text.split_once(':') {
            let of = |rest: Option<&str>| rest.map_or(Some(Term::Action(None)), Term::parse);
            let split = |rest: &'_ str| -> (String, Option<String>) {
                rest.split_once(':').map_or((rest.to_owned(), None), |(a, b)| (a.to_owned(), Some(b.to_owned())))
            };
            let (first, second) = split(rest);
            let share = || first.parse::<f32>().ok().filter(|share| *share > 0.0 && *share <= 1.0);
            match kind {
                "q" => return Term::parse(rest).map(TargetName::Q),
                "head" => return Some(TargetName::Head(first.parse().ok()?, of(second.as_deref())?)),
                "cvar" => return Some(TargetName::Cvar(share()?, of(second.as_deref())?)),
                "quantile" => return Some(TargetName::Quantile(share()?, of(second.as_deref())?)),
                _ => {}
            }
        }
        // Names may hold a minus; two groups are told apart by the second one's prefix.
        let named = text.starts_with("group:") || text.starts_with("name:");
        let splits = text.match_indices('-').filter(|(at, _)| {
            let rest = &text[at + 1..];
            !named || rest.starts_with("group:") || rest.starts_with("name:")
        });
        for (at, _) in splits {
            if let (Some(first), Some(second)) = (Term::parse(&text[..at]), Term::parse(&text[at + 1..])) {
                return Some(TargetName::Difference(first, second));
            }
        }
        Term::parse(text).map(TargetName::Of)
    }
}

impl Term {
    fn parse(text: &str) -> Option<Self> {
        let filled = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        match text.split_once(':') {
            Some(("group", name)) => return filled(name).map(Term::Group),
            Some(("name", name)) => return filled(name).map(Term::Named),
            Some(("action", part)) => return part.parse().ok().map(|part| Term::Action(Some(part))),
            Some(("greedy", part)) => return part.parse().ok().map(|part| Term::Greedy(Some(part))),
            Some(("top", rank)) => return rank.parse().ok().filter(|&rank| rank > 0).map(Term::Rank),
            _ => {}
        }
        match text {
            "action" => return Some(Term::Action(None)),
            "greedy" => return Some(Term::Greedy(None)),
            _ => {}
        }
        if text.contains('+') {
            return text.split('+').map(Term::simple).collect::<Option<Vec<_>>>().map(Term::Sum);
        }
        Term::simple(text)
    }

    /// `3` or `1:2`.
    fn simple(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some((part, choice)) => Some(Term::Choice(part.parse().ok()?, choice.parse().ok()?)),
            None => text.parse().ok().map(Term::Entry),
        }
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Term::Action(None) => f.write_str("action"),
            Term::Action(Some(part)) => write!(f, "action:{part}"),
            Term::Greedy(None) => f.write_str("greedy"),
            Term::Greedy(Some(part)) => write!(f, "greedy:{part}"),
            Term::Rank(rank) => write!(f, "top:{rank}"),
            Term::Entry(entry) => entry.fmt(f),
            Term::Choice(part, choice) => write!(f, "{part}:{choice}"),
            Term::Sum(terms) => {
                for (index, term) in terms.iter().enumerate() {
                    write!(f, "{}{term}", if index == 0 { "" } else { "+" })?;
                }
                Ok(())
            }
            Term::Named(name) => write!(f, "name:{name}"),
            Term::Group(name) => write!(f, "group:{name}"),
        }
    }
}

impl std::fmt::Display for TargetName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TargetName::Of(term) => term.fmt(f),
            TargetName::Difference(first, second) => write!(f, "{first}-{second}"),
            TargetName::Value => f.write_str("value"),
            TargetName::Entropy => f.write_str("entropy"),
            TargetName::LogDensity => f.write_str("log_density"),
            TargetName::Q(term) => write!(f, "q:{term}"),
            TargetName::Head(head, term) => write!(f, "head:{head}:{term}"),
            TargetName::Cvar(share, term) => write!(f, "cvar:{share}:{term}"),
            TargetName::Quantile(fraction, term) => write!(f, "quantile:{fraction}:{term}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TargetName {
        TargetName::parse(text).unwrap_or_else(|| panic!("{text} is a target"))
    }

    #[test]
    fn every_way_to_write_a_target_is_read() {
        let check = |text: &str, expected: TargetName| assert_eq!(read(text), expected, "{text}");
        check("action", TargetName::Of(Term::Action(None)));
        check("action:1", TargetName::Of(Term::Action(Some(1))));
        check("greedy", TargetName::Of(Term::Greedy(None)));
        check("top:2", TargetName::Of(Term::Rank(2)));
        check("3", TargetName::Of(Term::Entry(3)));
        check("3-1", TargetName::Difference(Term::Entry(3), Term::Entry(1)));
        check("action-greedy", TargetName::Difference(Term::Action(None), Term::Greedy(None)));
        check("1:2", TargetName::Of(Term::Choice(1, 2)));
        check("1:2-1:0", TargetName::Difference(Term::Choice(1, 2), Term::Choice(1, 0)));
        check("0+2+5", TargetName::Of(Term::Sum(vec![Term::Entry(0), Term::Entry(2), Term::Entry(5)])));
        check("group:half-left", TargetName::Of(Term::Group("half-left".into())));
        check(
            "group:left-group:right",
            TargetName::Difference(Term::Group("left".into()), Term::Group("right".into())),
        );
        check("name:FIRE", TargetName::Of(Term::Named("FIRE".into())));
        check("q:3", TargetName::Q(Term::Entry(3)));
        check("cvar:0.1", TargetName::Cvar(0.1, Term::Action(None)));
        check("cvar:1e-1:2", TargetName::Cvar(0.1, Term::Entry(2)));
        check("quantile:0.5:greedy", TargetName::Quantile(0.5, Term::Greedy(None)));
        check("head:4", TargetName::Head(4, Term::Action(None)));
        check("entropy", TargetName::Entropy);
        check("log_density", TargetName::LogDensity);
        for text in ["action", "3-1", "0:1+1:2", "group:left-group:right", "cvar:0.25:greedy", "head:1:2"] {
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn several_are_read_in_order() {
        let asked = Asked::parse("action, top3,all").expect("three");
        assert_eq!(asked, [Asked::One(read("action")), Asked::Top(3), Asked::All]);
    }

    #[test]
    fn what_is_none_is_named() {
        for text in ["", "left", "3-", "-1", "1:", "top0", "top:0", "cvar:0", "cvar:2", "group:", "3,,1", "0+x"] {
            let error = Asked::parse(text).expect_err(text).to_string();
            assert!(error.contains("group:NAME"), "{text}: {error}");
        }
        let error = Asked::parse("top65").expect_err("too many").to_string();
        assert!(error.contains("ANSWERS_MAX"), "{error}");
    }
}
