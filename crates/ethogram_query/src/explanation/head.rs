//! Which output of a network answers a question about actions, and how its entries belong to them.

use ethogram_model::{Cancel, Dim, Link, Model, View, look};
use ethogram_store::Space;

use super::observation::{Given, first_row};
use super::signature::Signature;
use crate::{Error, Result, RunHandle};

/// How a number is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Of {
    /// As the network gives it: logits, values.
    #[default]
    Plain,
    /// As a probability.
    Probability,
    /// As the logarithm of one.
    LogProbability,
}

/// An output with a number an action.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its name.
    pub output: String,
    /// What its numbers are.
    pub kind: Kind,
    /// How many choices each part has; one part unless several choices are made at once.
    pub parts: Vec<usize>,
    /// How it gives a number an action.
    view: View,
}

/// What numbers of a head are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unnormalised log-probabilities, or log-probabilities.
    Logits,
    /// One logit a switch.
    Switches,
    /// Probabilities.
    Probabilities,
    /// What actions are worth.
    Values,
    /// Means of a continuous action's dimensions.
    Dimensions,
}

/// How actions are picked from a head: whether their numbers add up, or belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// One entry.
    One,
    /// One of each part, at once.
    Together,
    /// One or the other.
    Either,
}

/// Everything that a question about some steps rests on.
pub struct Question<'a> {
    pub run: &'a RunHandle,
    pub episode: u64,
    pub first: u64,
    pub model: &'a Model,
    pub signature: &'a Signature,
    pub given: &'a Given,
    pub cancel: &'a Cancel,
}

impl Of {
    /// Every way by name, with what it means.
    pub const ALL: &'static [(&'static str, Of, &'static str)] = &[
        ("plain", Of::Plain, "as the network gives it: logits, Q-values, a value"),
        ("probability", Of::Probability, "as a probability: saturates where the policy is certain"),
        ("log_probability", Of::LogProbability, "as the logarithm of a probability, in nats"),
    ];

    /// **Errors**: those that there are.
    pub fn parse(text: &str) -> Result<Self> {
        let found = Of::ALL.iter().find(|(name, _, _)| *name == text).map(|(_, of, _)| *of);
        found.ok_or_else(|| Error::BadParam {
            field: "attribution".to_owned(),
            param: "of".to_owned(),
            expected: "plain, probability or log_probability".to_owned(),
            found: text.chars().take(64).collect(),
        })
    }
}

impl Question<'_> {
    /// The output with a number an action.
    ///
    /// **Errors**: the signature names none that the network has.
    pub fn head(&self) -> Result<Head> {
        let named = self.signature.action_head();
        let (role, output) = named.ok_or_else(|| self.no_output("logits, q_values, action_mean …"))?;
        let port = self.model.outputs().iter().find(|port| port.name == output);
        let port = port.ok_or_else(|| self.no_output(role))?;
        let (kind, view) = self.outlook(role)?;
        let length = |at_end: usize| {
            let shape = port.shape.as_ref()?;
            match shape.get(shape.len().checked_sub(at_end)?)? {
                Dim::Known(length) => Some(*length),
                _ => None,
            }
        };
        let known = length(if matches!(view, View::Atoms { .. }) { 2 } else { 1 });
        let width = match known {
            Some(width) => width,
            None => self.look(output, &view)?.1,
        };
        Ok(Head { output: output.to_owned(), kind: self.kind(kind, width), parts: self.parts(kind, width), view })
    }

    /// The output of what actions are worth: Q-values, or the mean of their distribution.
    pub fn values_head(&self, share: Option<f32>, quantile: Option<f32>) -> Result<Head> {
        let distributions = ["quantiles", "atom_probabilities", "atom_logits"];
        let roles: &[&str] = match (share, quantile) {
            (None, None) => &["q_values", "quantiles", "atom_probabilities", "atom_logits", "q_heads"],
            (Some(_), _) => &distributions,
            (None, Some(_)) => &distributions[..1],
        };
        let found = roles.iter().find_map(|role| Some((*role, self.signature.output(role)?)));
        let (role, output) = found.ok_or_else(|| self.no_output(&roles.join(", ")))?;
        let view = match (self.outlook(role)?.1, share, quantile) {
            (View::Mean, Some(share), _) => View::Cvar(share),
            (View::Mean, None, Some(quantile)) => View::Quantile(quantile),
            (View::Atoms { atoms, logits, .. }, Some(share), _) => View::Atoms { atoms, logits, share },
            (view, _, _) => view,
        };
        let width = self.look(output, &view)?.1;
        Ok(Head { output: output.to_owned(), kind: Kind::Values, parts: vec![width], view })
    }

    /// One head of an ensemble.
    pub fn ensemble_head(&self) -> Result<(Head, usize)> {
        let output = self.signature.output("q_heads").ok_or_else(|| self.no_output("q_heads"))?;
        let entries = self.look(output, &View::Plain)?.1;
        let actions = self.look(output, &View::Mean)?.1.max(1);
        let head = Head { output: output.to_owned(), kind: Kind::Values, parts: vec![actions], view: View::Plain };
        Ok((head, entries / actions))
    }

    /// Numbers of a head at every step. **Shapes**: `[steps, width]`, and the width.
    pub fn numbers(&self, head: &Head) -> Result<(Vec<f32>, usize)> {
        self.look(&head.output, &head.view)
    }

    pub fn look(&self, output: &str, view: &View) -> Result<(Vec<f32>, usize)> {
        let all: Vec<usize> = (0..self.given.valid.len().max(1)).collect();
        if self.given.valid.is_empty() {
            return Ok((Vec::new(), 0));
        }
        Ok(look(self.model, self.given.rows(&all)?, output, view, self.cancel)?)
    }

    fn outlook(&self, role: &str) -> Result<(Kind, View)> {
        Ok(match role {
            "q_values" => (Kind::Values, View::Plain),
            "quantiles" | "q_heads" => (Kind::Values, View::Mean),
            "atom_probabilities" | "atom_logits" => {
                let view = View::Atoms { atoms: self.atoms()?, logits: role == "atom_logits", share: 1.0 };
                (Kind::Values, view)
            }
            "action_probabilities" => (Kind::Probabilities, View::Plain),
            "action_mean" => (Kind::Dimensions, View::Plain),
            _ => (Kind::Logits, View::Plain),
        })
    }

    /// Returns that a categorical critic gives probabilities to.
    fn atoms(&self) -> Result<Vec<f32>> {
        // The same for every row; some networks say them without an axis of rows, which one row can be given.
        if let Some(output) = self.signature.output("atoms")
            && !self.given.valid.is_empty()
            && let Ok((atoms, _)) = look(self.model, self.given.rows(&[0])?, output, &View::Plain, self.cancel)
        {
            return Ok(atoms);
        }
        first_row(self.run, self.episode, self.first, "atoms").map_err(|_| Error::Unexplained {
            episode: self.episode,
            why: "the network gives probabilities of atoms, and nobody says where the atoms lie; pass atoms= to \
                  episode.step, or name an output atoms= in the signature"
                .to_owned(),
        })
    }

    fn space(&self) -> Option<Space> {
        self.run.info().env.as_ref().and_then(|env| env.action_space.clone())
    }

    fn kind(&self, kind: Kind, width: usize) -> Kind {
        match self.space() {
            Some(Space::MultiBinary { shape }) if kind == Kind::Logits && shape.iter().product::<usize>() == width => {
                Kind::Switches
            }
            _ => kind,
        }
    }

    fn parts(&self, kind: Kind, width: usize) -> Vec<usize> {
        let discrete = matches!(kind, Kind::Logits | Kind::Probabilities);
        match self.space() {
            Some(Space::MultiDiscrete { nvec, .. }) if discrete => {
                let parts: Vec<usize> = nvec.iter().filter_map(|&n| usize::try_from(n).ok()).collect();
                if parts.iter().sum::<usize>() == width { parts } else { vec![width] }
            }
            _ => vec![width],
        }
    }

    pub fn no_output(&self, role: &str) -> Error {
        let names: Vec<String> = self.signature.outputs.iter().map(|(name, role)| format!("{name} ({role})")).collect();
        Error::BadParam {
            field: "attribution".to_owned(),
            param: "target".to_owned(),
            expected: format!(
                "a target of the network's outputs {}; this one needs an output for {role}",
                names.join(", ")
            ),
            found: "none; name it in eg.signature(…)".to_owned(),
        }
    }
}

impl Head {
    /// Entries of a row.
    pub fn width(&self) -> usize {
        self.parts.iter().sum()
    }

    /// Whether there is one row of entries to choose from.
    pub fn is_single(&self) -> bool {
        self.parts.len() == 1
    }

    /// Where a part's entries begin.
    pub fn start(&self, part: usize) -> usize {
        self.parts[..part].iter().sum()
    }

    /// How many choices each part of an action has: a switch is off or on.
    pub fn choices(&self) -> Vec<usize> {
        if self.kind == Kind::Switches { vec![2; self.width()] } else { self.parts.clone() }
    }

    /// The part of an action, and its choice, that an entry stands for: of switches that this one is on. Beyond the last, a choice that the
    /// last part does not have.
    pub fn at(&self, entry: usize) -> (usize, usize) {
        if self.kind == Kind::Switches {
            return (entry, 1);
        }
        let (mut part, mut choice) = (0, entry);
        while part + 1 < self.parts.len() && choice >= self.parts[part] {
            choice -= self.parts[part];
            part += 1;
        }
        (part, choice)
    }

    /// The entry that a choice of a part has.
    pub fn entry(&self, part: usize, choice: usize) -> usize {
        if self.kind == Kind::Switches { part } else { self.start(part) + choice }
    }

    /// How the choices of a whole action belong together.
    pub fn joining(&self) -> Joining {
        if self.is_single() && self.kind != Kind::Switches { Joining::One } else { Joining::Together }
    }

    /// The index of a joint action among all of them, the last part counting fastest; of more than 64 switches, of the last.
    pub fn index(&self, choices: &[usize]) -> usize {
        let next = |index: usize, (length, choice): (&usize, &usize)| index.wrapping_mul(*length).wrapping_add(*choice);
        self.choices().iter().zip(choices).fold(0, next)
    }

    /// How the head is looked at, and what becomes of the weighed entries.
    ///
    /// **Errors**: numbers that are no probabilities, or do not add up as the question wants.
    pub fn viewed(&self, of: Of, joining: Joining, difference: bool) -> Result<(View, Link)> {
        let parts = |log: bool| match (self.kind, self.is_single()) {
            (Kind::Switches, _) => View::Switches { log },
            (_, true) => {
                if log {
                    View::LogProbability
                } else {
                    View::Probability
                }
            }
            (_, false) => View::Parts { lengths: self.parts.clone(), log },
        };
        let wrong = |expected: &str| Error::BadParam {
            field: "attribution".to_owned(),
            param: "of".to_owned(),
            expected: expected.to_owned(),
            found: Of::ALL.iter().find(|(_, known, _)| *known == of).map_or("", |(name, _, _)| *name).to_owned(),
        };
        match (of, self.kind) {
            (Of::Plain, _) => Ok((self.view.clone(), Link::Identity)),
            (_, Kind::Values) => Err(wrong("plain: what actions are worth is no probability")),
            (_, Kind::Dimensions) => {
                Err(wrong("plain: dimensions have no probability; the target log_density has a density"))
            }
            (Of::Probability, Kind::Probabilities) if joining != Joining::Together => Ok((View::Plain, Link::Identity)),
            (Of::LogProbability, Kind::Probabilities) if joining != Joining::Together && !difference => {
                Ok((View::Plain, Link::Log))
            }
            (_, Kind::Probabilities) => Err(wrong("plain: the network gives probabilities, not their logarithms")),
            (Of::Probability, _) if joining == Joining::Together && difference => {
                Err(wrong("log_probability: probabilities of joint actions do not subtract part by part"))
            }
            (Of::Probability, _) if joining == Joining::Together => Ok((parts(true), Link::Exp)),
            (Of::Probability, _) => Ok((parts(false), Link::Identity)),
            (Of::LogProbability, _) if joining != Joining::Either => Ok((parts(true), Link::Identity)),
            (Of::LogProbability, _) if difference => {
                Err(wrong("probability: logarithms of groups do not subtract entry by entry"))
            }
            (Of::LogProbability, _) => Ok((parts(false), Link::Log)),
        }
    }
}
