use crate::{Error, Result};

/// How little a pair counts of which a label is not known, as an exponent.
const UNKNOWN: f32 = 1.0;

/// What points are known to be, and how far it counts in the layout.
///
/// **Source** `McInnes`, Healy and Melville (2018), section 6; numbers are those of umap-learn 0.5 with `target_metric="categorical"`.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    of: &'a [Option<u32>],
    /// Exponent by which pairs of different labels count for less.
    far: f32,
}

impl<'a> Labels<'a> {
    /// A label of each point, `None` where it is not known. `weight` goes from 0, where pairs of different labels count for exp(−2.5) of what
    /// they would, to 1, where they count for nothing; umap-learn's `target_weight`, usually 0.5.
    ///
    /// **Errors** when the weight is out of its bounds.
    pub fn new(of: &'a [Option<u32>], weight: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&weight) {
            return Err(Error::OutOfRange { argument: "label_weight", expected: "0 to 1", found: weight });
        }
        let far = if weight < 1.0 { 2.5 / (1.0 - weight) } else { 1e12 };
        Ok(Labels { of, far: far as f32 })
    }

    /// How many points they are of.
    pub(super) fn rows(&self) -> usize {
        self.of.len()
    }

    /// What is left of a pair, 0 to 1.
    pub(super) fn share(&self, a: usize, b: usize) -> f32 {
        match (self.of[a], self.of[b]) {
            (Some(a), Some(b)) if a == b => 1.0,
            (Some(_), Some(_)) => (-self.far).exp(),
            _ => (-UNKNOWN).exp(),
        }
    }
}
