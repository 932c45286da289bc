//! What every method has in common.

use std::collections::BTreeMap;

use super::{ATTRIBUTIONS, Baseline, Explained, Param, Settings};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// What a method found.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributed {
    /// Signed numbers. **Shapes**: as the explained value, `[B, …]`; for methods with a grid of their own, `[B, rows, columns]`.
    pub values: Tensor,
    /// The target's value, one a row.
    pub at_input: Vec<f32>,
    /// Its value at the baseline, one a row; empty for methods without one.
    pub at_baseline: Vec<f32>,
    /// Σ values − (at input − at baseline), one a row: how far the numbers are from telling the whole difference. Empty for methods that
    /// do not promise to.
    pub completeness_error: Vec<f32>,
}

impl Attributed {
    /// Of a method that promises no sum.
    pub(super) fn plain(shape: &[usize], values: Vec<f32>, at_input: Vec<f32>) -> Result<Self> {
        let values = Tensor::f32(shape, values)?;
        Ok(Attributed { values, at_input, at_baseline: Vec::new(), completeness_error: Vec::new() })
    }
}

/// A method with all its settings chosen.
pub trait Attribution: Send + Sync {
    /// Explains every row.
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed>;

    /// Explains several targets of the same rows, actor and critic for example. What they have in common is done once by the methods that can.
    fn attribute_each(&self, all: &[&Explained], cancel: &Cancel) -> Result<Vec<Attributed>> {
        all.iter().map(|one| self.attribute(one, cancel)).collect()
    }
}

/// A way to explain, as people choose it. One file a method, one line in [`ATTRIBUTIONS`].
#[derive(Clone, Copy)]
pub struct Method {
    /// As in field names: `attribution/NAME`.
    pub name: &'static str,
    /// One sentence for people.
    pub doc: &'static str,
    /// What it does not show, in one sentence: the commonest way to be misled by it.
    pub does_not_show: &'static str,
    /// What its numbers are.
    pub tells: Tells,
    /// What one step costs, in passes through the network.
    pub cost: &'static str,
    /// Author, year, and what departs from them.
    pub source: &'static str,
    /// Its settings, in the order that people see.
    pub params: &'static [Param],
    /// The method with settings that were checked against `params`.
    pub(super) make: fn(&Settings) -> Result<Box<dyn Attribution>>,
}

/// What a method's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// How fast the target changes with an element; signed.
    Slopes,
    /// What of the target's difference from a baseline an element accounts for; signed.
    Shares,
    /// What becomes of the target, or the output, when an element is taken away.
    Effects,
    /// How much an element matters, without a sign.
    Sizes,
}

impl Tells {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Tells::Slopes => "slopes",
            Tells::Shares => "shares",
            Tells::Effects => "effects",
            Tells::Sizes => "sizes",
        }
    }
}

/// A method and how it was set.
pub struct Configured {
    /// Which.
    pub method: &'static Method,
    /// All its settings.
    pub settings: Settings,
    attribution: Box<dyn Attribution>,
}

/// Rows beside those that are explained, which a method compares with. Who knows the data finds them: [`Explained::with_reference`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Steps of the same episode, spread evenly.
    Episode,
    /// Steps of other episodes, drawn by a seed.
    Dataset {
        /// Equal seeds draw the same steps.
        seed: u64,
    },
    /// One step of the same episode.
    Step(u64),
}

impl Method {
    /// The method of this name.
    ///
    /// **Errors**: [`Error::Param`] names those that there are.
    pub fn find(name: &str) -> Result<&'static Method> {
        ATTRIBUTIONS.iter().find(|method| method.name == name).ok_or_else(|| Error::Param {
            param: "method".to_owned(),
            expected: format!("one of {}", ATTRIBUTIONS.iter().map(|known| known.name).collect::<Vec<_>>().join(", ")),
            found: name.chars().take(64).collect(),
        })
    }

    /// The method with some settings of its own, the rest as usual.
    ///
    /// **Errors**: [`Error::Param`] for settings that it does not have, or that are out of bounds.
    pub fn with(&'static self, given: &BTreeMap<String, String>) -> Result<Configured> {
        let settings = Settings::read(self.params, given)?;
        let attribution = (self.make)(&settings)?;
        Ok(Configured { method: self, settings, attribution })
    }
}

impl Configured {
    /// What the method compares with, where it has one such input.
    pub fn baseline(&self) -> Option<Baseline> {
        let known = self.method.params.iter().any(|param| param.name == "baseline_sigma");
        known.then(|| Baseline::of(&self.settings))
    }

    /// Rows that the method wants to compare with.
    pub fn reference(&self) -> Option<Reference> {
        let seed = || self.settings.integer("seed").unsigned_abs();
        match self.settings.choice_if_any("baseline")? {
            "episode" | "episode_mean" => Some(Reference::Episode),
            "dataset" => Some(Reference::Dataset { seed: seed() }),
            "step" => Some(Reference::Step(self.settings.integer("baseline_step").unsigned_abs())),
            _ => None,
        }
    }
}

impl Attribution for Configured {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        self.attribution.attribute(explained, cancel)
    }

    fn attribute_each(&self, all: &[&Explained], cancel: &Cancel) -> Result<Vec<Attributed>> {
        self.attribution.attribute_each(all, cancel)
    }
}

impl std::fmt::Debug for Configured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Configured")
            .field("method", &self.method.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
