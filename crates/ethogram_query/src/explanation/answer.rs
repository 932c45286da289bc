//! What is explained at each step: entries of an output, and what they count.

use std::collections::BTreeSet;

use ethogram_model::{Link, Spread, Tensor, View};
use ethogram_store::Space;

use super::head::{Head, Joining, Kind, Of, Question};
use super::joint::Ranked;
use super::observation::logged;
use super::target::{ANSWERS_MAX, Asked, TargetName, Term};
use crate::{Error, Result};

/// Entries of an output, and what each counts.
type Weights = Vec<(usize, f32)>;

/// One answer: what is explained at each step.
#[derive(Clone, Debug)]
pub struct Answer {
    /// As people write it.
    pub name: String,
    /// Name of the output.
    pub output: String,
    /// How it is looked at.
    pub view: View,
    /// What becomes of the weighed sum.
    pub link: Link,
    /// `None` where there is nothing to explain.
    pub weights: Vec<Option<Weights>>,
    /// Which action it is about: its entry, of several choices at once the index among all joint actions.
    pub entry: Vec<u32>,
}

/// Which entries, at each step.
struct Picked {
    joining: Joining,
    /// Choices of each step with the part that each is of.
    steps: Vec<Option<Vec<(usize, usize)>>>,
}

impl Question<'_> {
    /// Every answer that is asked for, in order.
    ///
    /// **Errors**: targets that the network does not have; more than [`ANSWERS_MAX`].
    pub fn answers(&self, text: &str, of: Of) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        let mut used: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.given.valid.len()];
        for asked in Asked::parse(text)? {
            match asked {
                Asked::One(name) => {
                    let answer = self.answer(&name, of)?;
                    for (used, (weights, entry)) in used.iter_mut().zip(answer.weights.iter().zip(&answer.entry)) {
                        if weights.is_some() {
                            used.insert(*entry as usize);
                        }
                    }
                    answers.push(answer);
                }
                Asked::Top(count) => self.several(Some(count), of, &mut used, &mut answers)?,
                Asked::All => self.several(None, of, &mut used, &mut answers)?,
            }
            if answers.len() > ANSWERS_MAX {
                let what = "targets of one question (ANSWERS_MAX)".to_owned();
                return Err(Error::TooLarge { what, limit: ANSWERS_MAX as u64, found: answers.len() as u64 });
            }
        }
        Ok(answers)
    }

    /// The likeliest actions that no earlier answer is about; all of them, by index where there is one choice, when `count` is left out.
    fn several(
        &self,
        count: Option<usize>,
        of: Of,
        used: &mut [BTreeSet<usize>],
        answers: &mut Vec<Answer>,
    ) -> Result<()> {
        let head = self.head()?;
        let by_index = count.is_none() && head.is_single();
        let every = head.choices().iter().try_fold(1_usize, |product, part| product.checked_mul(*part));
        let every = if by_index { Some(head.width()) } else { every };
        let left = every.unwrap_or(usize::MAX).saturating_sub(answers.len());
        let count = count.map_or(left, |count| count.min(left));
        if count > ANSWERS_MAX {
            let what = "targets of one question (ANSWERS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: ANSWERS_MAX as u64, found: count as u64 });
        }
        if head.kind == Kind::Dimensions && !by_index {
            return Err(self.unfit("a dimension has no rank; ask for all, or one by index"));
        }
        let (numbers, width) = if by_index { (Vec::new(), 1) } else { self.numbers(&head)? };
        let mut picked: Vec<Vec<Option<Vec<usize>>>> = vec![Vec::new(); count];
        for (step, used) in used.iter_mut().enumerate() {
            let mut found: Vec<Vec<usize>> = if by_index {
                (0..head.width()).map(|entry| vec![entry]).filter(|one| !used.contains(&one[0])).take(count).collect()
            } else {
                let row = &numbers[step * width..][..width];
                let ranked = self.ranked(&head, row);
                ranked.map(|(choices, _)| choices).filter(|one| !used.contains(&head.index(one))).take(count).collect()
            };
            if !self.given.valid[step] {
                found.clear();
            }
            used.extend(found.iter().map(|choices| if by_index { choices[0] } else { head.index(choices) }));
            for (place, picked) in picked.iter_mut().enumerate() {
                picked.push(found.get(place).cloned());
            }
        }
        let alone = answers.is_empty();
        for (place, steps) in picked.into_iter().enumerate() {
            let name = if by_index && alone { place.to_string() } else { format!("top:{}", place + 1) };
            let joining = if by_index { Joining::One } else { head.joining() };
            let told = |choices: Vec<usize>| {
                if by_index { vec![head.at(choices[0])] } else { choices.into_iter().enumerate().collect() }
            };
            let steps = steps.into_iter().map(|choices| choices.map(told)).collect();
            answers.push(self.weighed(name, &head, &[(Picked { joining, steps }, 1.0)], of)?);
        }
        Ok(())
    }

    /// **Errors**: what the network does not have.
    pub fn answer(&self, name: &TargetName, of: Of) -> Result<Answer> {
        match name {
            TargetName::Of(term) => {
                let head = self.head()?;
                let picked = self.picked(&head, term)?;
                self.weighed(name.to_string(), &head, &[(picked, 1.0)], of)
            }
            TargetName::Difference(first, second) => {
                let head = self.head()?;
                let terms = [(self.picked(&head, first)?, 1.0), (self.picked(&head, second)?, -1.0)];
                self.weighed(name.to_string(), &head, &terms, of)
            }
            TargetName::Q(term) => self.worth(name, &self.values_head(None, None)?, term, of),
            TargetName::Cvar(share, term) => self.worth(name, &self.values_head(Some(*share), None)?, term, of),
            TargetName::Quantile(place, term) => self.worth(name, &self.values_head(None, Some(*place))?, term, of),
            TargetName::Head(index, term) => {
                let (head, heads) = self.ensemble_head()?;
                if *index >= heads {
                    return Err(self.unfit(&format!("the ensemble has {heads} heads, from 0")));
                }
                let mut answer = self.worth(name, &head, term, of)?;
                answer.weights.iter_mut().flatten().flatten().for_each(|(entry, _)| *entry += index * head.width());
                Ok(answer)
            }
            TargetName::Value | TargetName::Entropy | TargetName::LogDensity => {
                if of != Of::Plain {
                    return Err(self.unfit(&format!("{name} is no probability; leave of= out")));
                }
                let (output, view, there) = self.scalar(name)?;
                let valid = self.given.valid.iter().zip(there);
                let weights = valid.map(|(valid, there)| (*valid && there).then(|| vec![(0, 1.0)])).collect();
                let entry = vec![0; self.given.valid.len()];
                Ok(Answer { name: name.to_string(), output, view, link: Link::Identity, weights, entry })
            }
        }
    }

    fn worth(&self, name: &TargetName, head: &Head, term: &Term, of: Of) -> Result<Answer> {
        let picked = self.picked(head, term)?;
        self.weighed(name.to_string(), head, &[(picked, 1.0)], of)
    }

    /// The output and view of a number that is one of its own, and the steps at which it is there.
    fn scalar(&self, name: &TargetName) -> Result<(String, View, Vec<bool>)> {
        let steps = self.given.valid.len();
        let output = |role: &str| {
            let found =
                self.signature.output(role).filter(|name| self.model.outputs().iter().any(|o| o.name == **name));
            found.map(str::to_owned).ok_or_else(|| self.no_output(role))
        };
        match name {
            TargetName::Entropy => {
                if let (Ok(output), true) = (output("log_std"), self.signature.output("action_mean").is_some()) {
                    return Ok((output, View::GaussianEntropy, vec![true; steps]));
                }
                let head = self.head()?;
                match head.kind {
                    Kind::Logits => Ok((head.output, View::Entropy { lengths: head.parts }, vec![true; steps])),
                    Kind::Switches => Ok((head.output, View::SwitchesEntropy, vec![true; steps])),
                    _ => Err(self.no_output("logits, or action_mean and log_std,")),
                }
            }
            TargetName::LogDensity => {
                let mean = output("action_mean")?;
                let (width, actions, mut there) = logged(self.run, self.episode, self.first, steps, "action")?;
                let actions = Tensor::f32(&[steps, width], actions)?;
                let spread = match output("log_std") {
                    Ok(name) => Spread::Output(name),
                    Err(_) => {
                        let (width, log_std, also) =
                            logged(self.run, self.episode, self.first, steps, "action_log_std")
                                .map_err(|_| self.no_output("log_std (or action_log_std= passed to episode.step)"))?;
                        there.iter_mut().zip(also).for_each(|(there, also)| *there &= also);
                        Spread::Given(Tensor::f32(&[steps, width], log_std)?)
                    }
                };
                Ok((mean, View::LogDensity { actions, spread }, there))
            }
            _ => Ok((output("value")?, View::Plain, vec![true; steps])),
        }
    }

    fn weighed(&self, name: String, head: &Head, terms: &[(Picked, f32)], of: Of) -> Result<Answer> {
        let joining = terms.iter().map(|(picked, _)| picked.joining).find(|joining| *joining != Joining::One);
        let (view, link) = head.viewed(of, joining.unwrap_or(Joining::One), terms.len() > 1)?;
        let steps = self.given.valid.len();
        let mut weights: Vec<Option<Weights>> = vec![Some(Vec::new()); steps];
        for (picked, sign) in terms {
            for (step, weights) in weights.iter_mut().enumerate() {
                match (&picked.steps[step], self.given.valid[step]) {
                    (Some(choices), true) => {
                        let counts = |part: usize, choice: usize| match (head.kind, &view) {
                            // Probabilities that switches are off come after those that they are on.
                            (Kind::Switches, View::Switches { .. }) if choice == 0 => (head.width() + part, *sign),
                            // A switch that is off counts against its logit.
                            (Kind::Switches, _) if choice == 0 => (part, -sign),
                            _ => (head.entry(part, choice), *sign),
                        };
                        let more = choices.iter().map(|&(part, choice)| counts(part, choice));
                        if let Some(weights) = weights {
                            weights.extend(more);
                        }
                    }
                    _ => *weights = None,
                }
            }
        }
        let entry = |step: &Option<Vec<(usize, usize)>>| match step {
            Some(choices) if terms[0].0.joining == Joining::Together => {
                head.index(&choices.iter().map(|(_, choice)| *choice).collect::<Vec<_>>()) as u32
            }
            Some(choices) => choices.first().map_or(0, |&(part, choice)| head.entry(part, choice) as u32),
            None => 0,
        };
        let entry = terms[0].0.steps.iter().map(entry).collect();
        Ok(Answer { name, output: head.output.clone(), view, link, weights, entry })
    }

    /// The choices that a term is about.
    fn picked(&self, head: &Head, term: &Term) -> Result<Picked> {
        let steps = self.given.valid.len();
        let same =
            |joining: Joining, choices: Vec<(usize, usize)>| Ok(Picked { joining, steps: vec![Some(choices); steps] });
        let joining = head.joining();
        if head.kind == Kind::Dimensions && !matches!(term, Term::Entry(_) | Term::Sum(_)) {
            return Err(self.unfit("a continuous action has dimensions: an index such as 0, or log_density"));
        }
        match term {
            Term::Entry(entry) => {
                let (part, choice) = head.at(*entry);
                self.inside(head, part, choice)?;
                same(Joining::One, vec![(part, choice)])
            }
            Term::Choice(part, choice) => {
                self.inside(head, *part, *choice)?;
                same(Joining::One, vec![(*part, *choice)])
            }
            Term::Sum(terms) => {
                let mut choices = Vec::new();
                for term in terms {
                    let found = self.picked(head, term)?;
                    choices.extend(found.steps.into_iter().next().flatten().unwrap_or_default());
                }
                let parts: BTreeSet<usize> = choices.iter().map(|(part, _)| *part).collect();
                let each_once = joining == Joining::Together && parts.len() == choices.len();
                same(if each_once { Joining::Together } else { Joining::Either }, choices)
            }
            Term::Named(name) => {
                let info = self.run.info();
                let names = info.env.as_ref().map_or(&[][..], |env| &env.action_meanings);
                let at = names.iter().position(|known| known == name).ok_or_else(|| {
                    self.unfit(&format!("no action has the name {name:?}; there are {}", names.join(", ")))
                })?;
                let (part, choice) = head.at(at);
                self.inside(head, part, choice)?;
                same(Joining::One, vec![(part, choice)])
            }
            Term::Group(name) => {
                let info = self.run.info();
                let groups = info.env.as_ref().map_or(&[][..], |env| &env.action_groups);
                let group = groups.iter().find(|group| group.name == *name).ok_or_else(|| {
                    let known: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
                    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                    self.unfit(&format!(
                        "no group of actions has the name {name:?}; there are {known} (action_groups= of eg.record)"
                    ))
                })?;
                let start = self.action_start();
                let entry = |action: &i64| usize::try_from(action - start).ok().filter(|&at| at < head.width());
                let entries: Option<Vec<(usize, usize)>> =
                    group.actions.iter().map(|action| Some(head.at(entry(action)?))).collect();
                let entries = entries.filter(|_| head.is_single()).ok_or_else(|| {
                    self.unfit(&format!("the group {name:?} names actions that the network does not have"))
                })?;
                same(Joining::Either, entries)
            }
            Term::Action(part) => {
                let taken = self.taken(head)?;
                self.of_part(head, taken, *part, joining)
            }
            Term::Greedy(part) => {
                let best = self.best(head, 1)?;
                self.of_part(head, best, *part, joining)
            }
            Term::Rank(rank) => {
                let best = self.best(head, *rank)?;
                self.of_part(head, best, None, joining)
            }
        }
    }

    fn of_part(
        &self,
        head: &Head,
        actions: Vec<Option<Vec<usize>>>,
        part: Option<usize>,
        joining: Joining,
    ) -> Result<Picked> {
        if let Some(part) = part {
            let count = head.choices().len();
            if part >= count {
                return Err(self.unfit(&format!("an action has {count} parts, from 0")));
            }
            let one = |choices: Option<Vec<usize>>| choices.map(|choices| vec![(part, choices[part])]);
            return Ok(Picked { joining: Joining::One, steps: actions.into_iter().map(one).collect() });
        }
        let all = |choices: Option<Vec<usize>>| choices.map(|choices| choices.into_iter().enumerate().collect());
        Ok(Picked { joining, steps: actions.into_iter().map(all).collect() })
    }

    fn inside(&self, head: &Head, part: usize, choice: usize) -> Result<()> {
        let choices = head.choices();
        match choices.get(part) {
            Some(length) if choice < *length => Ok(()),
            Some(length) => Err(self.unfit(&format!("index {choice} of {length}"))),
            None => Err(self.unfit(&format!("part {part} of {}", choices.len()))),
        }
    }

    /// Joint actions of one row, the likeliest first.
    #[expect(clippy::unused_self, reason = "asked of the same as its siblings")]
    fn ranked(&self, head: &Head, row: &[f32]) -> Ranked {
        let logs: Vec<f32> = match head.kind {
            // Of probabilities the logarithms add up.
            Kind::Probabilities => row.iter().map(|p| p.ln()).collect(),
            _ => row.to_vec(),
        };
        if head.kind == Kind::Switches {
            let switches: Vec<[f32; 2]> = logs.iter().map(|logit| [0.0, *logit]).collect();
            return Ranked::new(&switches.iter().map(<[f32; 2]>::as_slice).collect::<Vec<_>>());
        }
        let parts: Vec<&[f32]> =
            (0..head.parts.len()).map(|part| &logs[head.start(part)..][..head.parts[part]]).collect();
        Ranked::new(&parts)
    }

    /// The `rank`-th likeliest action at each step.
    fn best(&self, head: &Head, rank: usize) -> Result<Vec<Option<Vec<usize>>>> {
        let every = head.choices().iter().try_fold(1_usize, |product, part| product.checked_mul(*part));
        if rank > ANSWERS_MAX.min(every.unwrap_or(usize::MAX)) {
            return Err(self.unfit(&format!("rank {rank} of {} actions", every.unwrap_or(usize::MAX))));
        }
        // Of one head of an ensemble the mean over the heads says which action is meant.
        let (numbers, width) = match head.kind {
            Kind::Values if self.signature.output("q_heads") == Some(head.output.as_str()) => {
                self.look(&head.output, &View::Mean)?
            }
            _ => self.numbers(head)?,
        };
        let width = width.max(1);
        let best = |(row, valid): (&[f32], &bool)| {
            valid.then(|| self.ranked(head, row).nth(rank - 1).map(|(choices, _)| choices)).flatten()
        };
        Ok(numbers.chunks(width).zip(&self.given.valid).map(best).collect())
    }

    /// The action taken at each step: the choice of each part.
    fn taken(&self, head: &Head) -> Result<Vec<Option<Vec<usize>>>> {
        let steps = self.given.valid.len();
        let (width, numbers, there) = logged(self.run, self.episode, self.first, steps, "action")
            .map_err(|_| self.unfit("the action taken was not logged; choose an index, greedy or value"))?;
        let parts = head.choices();
        if width != parts.len() {
            return Err(self.unfit(&format!(
                "actions were logged as {width} numbers, and the network has {} choices; choose an index, greedy or value",
                parts.len()
            )));
        }
        // Action ids may begin elsewhere than at 0; outputs do not.
        let start = self.action_start() as f32;
        let choices = |step: usize| {
            let row = &numbers[step * width..][..width];
            let choice = |(number, length): (&f32, &usize)| {
                let choice = number - start;
                (choice >= 0.0 && choice < *length as f32).then_some(choice as usize)
            };
            there[step].then(|| row.iter().zip(&parts).map(choice).collect()).flatten()
        };
        Ok((0..steps).map(choices).collect())
    }

    fn action_start(&self) -> i64 {
        match self.run.info().env.as_ref().and_then(|env| env.action_space.as_ref()) {
            Some(Space::Discrete { start, .. }) => *start,
            _ => 0,
        }
    }

    #[expect(clippy::unused_self, reason = "asked of the same as its siblings")]
    fn unfit(&self, why: &str) -> Error {
        Error::BadParam {
            field: "attribution".to_owned(),
            param: "target".to_owned(),
            expected: "a target that the network has".to_owned(),
            found: why.to_owned(),
        }
    }
}
