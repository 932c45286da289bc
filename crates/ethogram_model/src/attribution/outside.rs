//! A function that somebody else computes: a live module of another framework, explained by the same methods.

use super::explained::Part;
use super::one_step::{Answer, Effort, Function};
use super::picture::looks_channels_last;
use super::{Explained, Target};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// Gives a row of entries for each of some points, rows of the explained value which share all else with the rows that are named; and with
/// seeds, which say what each entry counts, the gradient of their weighed sum. **Shapes**: points and gradient `[P, width]`, entries and
/// seeds `[P, entries]`.
pub type Ask<'a> = dyn Fn(&[f32], &[usize], Option<&[f32]>) -> Result<(Vec<f32>, Vec<f32>)> + Sync + 'a;

struct Outside<'a> {
    ask: Box<Ask<'a>>,
    entries: usize,
}

impl<'m> Explained<'m> {
    /// A function that `ask` computes, at most `batch` points at a time and one batch after the other.
    ///
    /// **Errors**: a value without rows of floats; targets beyond the output; what `ask` says.
    pub fn outside(at: Tensor, target: Target, batch: usize, ask: Box<Ask<'m>>, cancel: &Cancel) -> Result<Self> {
        let rows = at.shape().first().copied().unwrap_or(0);
        let Some(values) = at.as_f32().filter(|values| rows > 0 && !values.is_empty()) else {
            return Err(Error::Argument { argument: "at", expected: "rows of floats".into(), found: at.describe() });
        };
        let width = values.len() / rows;
        cancel.check()?;
        let (first, _) = ask(&values[..width], &[0], None)?;
        let function = Outside { ask, entries: first.len() };
        let shape = at.shape()[1..].to_vec();
        let channels_last = looks_channels_last(&shape);
        let part = Part { name: "the input".to_owned(), shape, offset: 0, width, channels_last };
        Self::of(None, Box::new(function), target, (vec![part], at), 1).map(|explained| explained.at_once(batch))
    }
}

impl Function for Outside<'_> {
    fn entries(&self) -> usize {
        self.entries
    }

    /// Unknown; whoever computes it says how many points it wants.
    fn effort(&self) -> Effort {
        Effort::default()
    }

    fn answer(
        &self,
        points: &[f32],
        of: &[usize],
        seeds: Option<&[f32]>,
        _threads: usize,
        cancel: &Cancel,
    ) -> Result<Answer> {
        cancel.check()?;
        let (entries, gradient) = (self.ask)(points, of, seeds)?;
        let expected = of.len() * self.entries;
        let slopes = if seeds.is_some() { points.len() } else { gradient.len() };
        if entries.len() != expected || gradient.len() != slopes {
            return Err(Error::Argument {
                argument: "ask",
                expected: format!("{expected} entries and {slopes} slopes for {} points", of.len()),
                found: format!("{} and {}", entries.len(), gradient.len()),
            });
        }
        Ok(Answer { entries, gradient })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use crate::attribution::Method;
    use crate::{Attribution as _, Cancel, Explained, Result, Target, Tensor};

    /// y = (a · x, b · x), of which entry `of` is explained by `method`.
    fn explain(method: &str, entry: usize, batch: usize) -> Result<Vec<f32>> {
        let weights = [[1.0_f32, -2.0, 0.5], [0.0, 3.0, 1.0]];
        let ask = move |points: &[f32], of: &[usize], seeds: Option<&[f32]>| {
            assert!(of.len() <= batch, "no more at once than may be");
            let entry = |x: &[f32], at: usize| x.iter().zip(weights[at]).map(|(x, w)| x * w).sum::<f32>();
            let entries = points.chunks(3).flat_map(|x| [entry(x, 0), entry(x, 1)]).collect();
            let slope = |s: &[f32]| (0..3).map(|at| s[0] * weights[0][at] + s[1] * weights[1][at]).collect::<Vec<_>>();
            Ok((entries, seeds.map(|seeds| seeds.chunks(2).flat_map(slope).collect()).unwrap_or_default()))
        };
        let at = Tensor::f32(&[2, 3], vec![1.0, 2.0, 3.0, -1.0, 0.0, 4.0]).unwrap();
        let target = Target::entries("y", &[entry; 2]);
        let cancel = Cancel::default();
        let explained = Explained::outside(at, target, batch, Box::new(ask), &cancel)?;
        let found = Method::find(method)?.with(&std::collections::BTreeMap::new())?.attribute(&explained, &cancel)?;
        Ok(found.values.as_f32().unwrap().to_vec())
    }

    #[test]
    fn of_a_linear_function_every_share_is_weight_times_input() {
        for method in ["integrated_gradients", "gradient_times_input", "occlusion"] {
            let found = explain(method, 0, 7).unwrap();
            let expected = [1.0, -4.0, 1.5, -1.0, 0.0, 2.0];
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{method}: {found:?}");
        }
        assert_eq!(explain("saliency", 1, 1).unwrap(), [0.0, 3.0, 1.0, 0.0, 3.0, 1.0]);
    }

    #[test]
    fn an_entry_that_the_function_does_not_have_is_named() {
        let error = explain("saliency", 2, 4).unwrap_err().to_string();
        assert!(error.contains("entry below 2"), "{error}");
    }
}
