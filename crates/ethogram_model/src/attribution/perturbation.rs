//! A soft spot of the picture blurred away, one place after the other.

use super::blur::{blurred, gaussian, spread};
use super::patch::{POINTS_AT_ONCE, Patch};
use super::picture::Picture;
use super::{Attributed, Attribution, Explained, Method, Param, Settings, Tells};
use crate::error::{Error, Result};
use crate::exec::{Area, Cancel};

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "perturbation",
    doc: "how much the output changes when a spot of the picture is blurred",
    does_not_show: "in which direction the output changes (unless scored by the target), and things that blurring leaves as they are",
    tells: Tells::Effects,
    cost: "one pass forward for each spot: (H / stride) · (W / stride)",
    source: "Greydanus et al. (2018), equations 1 and 2; the memory is that of the step itself",
    params: &[
        STRIDE,
        RADIUS,
        SIGMA,
        BLUR_SIGMA,
        MODE,
        Param::choice(
            "score",
            &["output", "target"],
            "half the squared distance of the whole output (all logits, all probabilities, the value), or the signed fall of the target",
        ),
        Param::choice(
            "frames",
            &["together", "singly"],
            "whether a spot lies on all stacked frames and channels, or on one after the other",
        ),
    ],
    make: |settings| {
        Ok(Box::new(Perturbation {
            score: if settings.choice("score") == "output" { Score::Output } else { Score::Target },
            frames: if settings.choice("frames") == "together" { Frames::Together } else { Frames::Singly },
            ..Perturbation::of(settings)
        }))
    },
};

// What a spot is, as people choose it.
pub(super) const STRIDE: Param =
    Param::integer("stride", [5, 1, 512], "distance from spot to spot, in pixels of the network's input");
pub(super) const RADIUS: Param =
    Param::float("radius", [1.0, 0.0, 512.0], "radius of the disc that a spot is made of, in pixels");
pub(super) const SIGMA: Param =
    Param::float("sigma", [5.0, 0.1, 512.0], "standard deviation that the disc is blurred with, in pixels");
pub(super) const BLUR_SIGMA: Param =
    Param::float("blur_sigma", [3.0, 0.1, 512.0], "standard deviation of the blurred picture, in pixels");
pub(super) const MODE: Param =
    Param::choice("mode", &["occlude", "searchlight"], "whether a spot is blurred, or all but the spot");

/// What is compared between the picture and its perturbed form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// Half the squared distance of the whole output: all logits, all probabilities, or the value.
    #[default]
    Output,
    /// How far the target falls; signed.
    Target,
}

/// What one spot does to the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The spot is blurred, the rest stays.
    #[default]
    Occlude,
    /// The spot stays, the rest is blurred.
    Searchlight,
}

/// Which planes of the picture a spot lies on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frames {
    /// All: stacked frames and channels.
    #[default]
    Together,
    /// One after the other.
    Singly,
}

/// How much the output changes when information about one place is taken away.
#[derive(Clone, Debug)]
pub struct Perturbation {
    /// Distance of places, in pixels, from place (0, 0) on.
    pub stride: usize,
    /// Radius of the disc that the spot is made of, in pixels.
    pub radius: f32,
    /// Standard deviation that the disc is blurred with.
    pub spot_sigma: f32,
    /// Standard deviation of the blurred picture.
    pub blur_sigma: f32,
    /// What is compared.
    pub score: Score,
    /// What a spot does.
    pub mode: Mode,
    /// Which planes it lies on.
    pub frames: Frames,
}

impl Default for Perturbation {
    fn default() -> Self {
        Perturbation {
            stride: 5,
            radius: 1.0,
            spot_sigma: 5.0,
            blur_sigma: 3.0,
            score: Score::Output,
            mode: Mode::Occlude,
            frames: Frames::Together,
        }
    }
}

/// What one place does: how much of the blurred picture is seen in an area, from 0 to 1, and nothing of it elsewhere.
#[derive(Clone, Debug)]
struct Spot {
    area: Area,
    mask: Vec<f32>,
}

impl Attribution for Perturbation {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let before = Before::of(explained, cancel)?;
        let (shape, scores) = self.scores(explained, cancel, |outputs, of| before.scores(self.score, outputs, of))?;
        Attributed::plain(&shape, scores, before.at_input)
    }

    fn attribute_each(&self, all: &[&Explained], cancel: &Cancel) -> Result<Vec<Attributed>> {
        let together = if all.len() > 1 { Explained::together(all)? } else { None };
        let Some(together) = together else { return all.iter().map(|one| self.attribute(one, cancel)).collect() };
        let before = all.iter().map(|one| Before::of(one, cancel)).collect::<Result<Vec<_>>>()?;
        let entries: usize = before.iter().map(|before| before.entries).sum();
        let (shape, scores) = self.scores(&together, cancel, |outputs, of| {
            let (mut scores, mut start) = (Vec::with_capacity(before.len()), 0);
            for before in &before {
                let own = outputs.chunks(entries.max(1)).flat_map(|row| &row[start..start + before.entries]);
                scores.push(before.scores(self.score, &own.copied().collect::<Vec<_>>(), of));
                start += before.entries;
            }
            (0..of.len()).map(|point| scores.iter().map(|scores| scores[point]).collect::<Vec<_>>()).collect()
        })?;
        let each = before.into_iter().enumerate().map(|(index, before)| {
            let own = scores.iter().map(|scores: &Vec<f32>| scores[index]).collect();
            Attributed::plain(&shape, own, before.at_input)
        });
        each.collect()
    }
}

/// What comes out without a change.
struct Before<'e> {
    explained: &'e Explained<'e>,
    outputs: Vec<f32>,
    entries: usize,
    at_input: Vec<f32>,
}

impl<'e> Before<'e> {
    fn of(explained: &'e Explained<'_>, cancel: &Cancel) -> Result<Self> {
        let all = every(explained);
        let (outputs, entries) = explained.outputs(explained.at_values(), &all, cancel)?;
        let at_input = explained.target().numbers(&outputs, &all);
        Ok(Before { explained, outputs, entries, at_input })
    }

    /// The score of each point from its outputs.
    fn scores(&self, score: Score, outputs: &[f32], of: &[usize]) -> Vec<f32> {
        match score {
            Score::Target => {
                let target = self.explained.target().numbers(outputs, of);
                target.iter().zip(of).map(|(value, &row)| self.at_input[row] - value).collect()
            }
            Score::Output => {
                let distance = |(output, &row): (&[f32], &usize)| {
                    let before = &self.outputs[row * self.entries..][..self.entries];
                    let sum: f64 = output.iter().zip(before).map(|(a, b)| f64::from(a - b).powi(2)).sum();
                    (sum / 2.0) as f32
                };
                outputs.chunks(self.entries.max(1)).zip(of).map(distance).collect()
            }
        }
    }
}

impl Perturbation {
    /// The spots that were chosen, scored as usual.
    pub(super) fn of(settings: &Settings) -> Self {
        let float = |name: &str| settings.float(name) as f32;
        Perturbation {
            stride: settings.count("stride"),
            radius: float("radius"),
            spot_sigma: float("sigma"),
            blur_sigma: float("blur_sigma"),
            mode: if settings.choice("mode") == "occlude" { Mode::Occlude } else { Mode::Searchlight },
            ..Perturbation::default()
        }
    }

    /// A score for each spot of each row, from the outputs there and the rows that they belong to.
    /// **Shapes**: `[B, rows, columns]`, or with single frames `[B, planes, rows, columns]`.
    pub(super) fn scores<S>(
        &self,
        explained: &Explained,
        cancel: &Cancel,
        score: impl Fn(&[f32], &[usize]) -> Vec<S>,
    ) -> Result<(Vec<usize>, Vec<S>)> {
        let (rows, width, at) = (explained.rows(), explained.width(), explained.at_values());
        let (part, picture) = explained.picture()?;
        let Picture { planes, height, width: columns, .. } = picture;
        if self.stride == 0 {
            return Err(Error::Argument { argument: "stride", expected: "at least 1".into(), found: "0".into() });
        }
        let soft = blurred(explained, at, self.blur_sigma)?;
        let grid = [height.div_ceil(self.stride), columns.div_ceil(self.stride)];
        let spots = self.spots(height, columns, grid)?;
        let layers = if self.frames == Frames::Singly { planes } else { 1 };

        let places: Vec<usize> = (0..rows * layers * spots.len()).collect();
        let mut scores = Vec::with_capacity(places.len());
        for places in places.chunks(POINTS_AT_ONCE) {
            let patch = |&place: &usize| {
                let (row, layer, spot) =
                    (place / (layers * spots.len()), place / spots.len() % layers, &spots[place % spots.len()]);
                let clear = &at[row * width + part.offset..][..part.width];
                let soft = &soft[row * width + part.offset..][..part.width];
                let [_, across] = spot.area.lengths();
                Patch::new(row, part, spot.area, |element| {
                    let [plane, down, right] = picture.place(element);
                    if layers > 1 && plane != layer {
                        return clear[element];
                    }
                    let [down, right] = [down - spot.area.from[0], right - spot.area.from[1]];
                    let mask = spot.mask[down * across + right];
                    clear[element] * (1.0 - mask) + soft[element] * mask
                })
            };
            let patches: Vec<Patch> = places.iter().map(patch).collect();
            let of: Vec<usize> = patches.iter().map(|patch| patch.row).collect();
            let (outputs, _) = explained.outputs_of(part, &patches, cancel)?;
            scores.extend(score(&outputs, &of));
        }
        let shape = if layers > 1 { vec![rows, layers, grid[0], grid[1]] } else { vec![rows, grid[0], grid[1]] };
        Ok((shape, scores))
    }

    /// The mask of every place: 1 at its peak.
    fn spots(&self, height: usize, columns: usize, grid: [usize; 2]) -> Result<Vec<Spot>> {
        let kernel = gaussian(self.spot_sigma)?;
        let (down, across) = (spread(&kernel, height), spread(&kernel, columns));
        // The Gaussian is cut, so that beyond this the mask is 0.
        let reach = kernel.len() / 2 + self.radius.max(0.0) as usize;
        let mut spots = Vec::with_capacity(grid[0] * grid[1]);
        for place in 0..grid[0] * grid[1] {
            let centre = [place / grid[1] * self.stride, place % grid[1] * self.stride];
            let area = Area {
                from: centre.map(|at| at.saturating_sub(reach)),
                to: [(centre[0] + reach + 1).min(height), (centre[1] + reach + 1).min(columns)],
            };
            let [_, width] = area.lengths();
            let mut soft = vec![0.0_f64; area.count()];
            for (row, shares) in down.iter().enumerate() {
                let away = (row as f32 - centre[0] as f32).powi(2);
                let inside = |column: &usize| away + (*column as f32 - centre[1] as f32).powi(2) <= self.radius.powi(2);
                let mut line = vec![0.0_f64; width];
                for column in (0..columns).filter(inside) {
                    let shares = &across[column][area.from[1]..area.to[1]];
                    line.iter_mut().zip(shares).for_each(|(sum, weight)| *sum += weight);
                }
                if line.iter().all(|sum| *sum == 0.0) {
                    continue;
                }
                let shares = &shares[area.from[0]..area.to[0]];
                for (soft, weight) in soft.chunks_exact_mut(width).zip(shares).filter(|(_, weight)| **weight != 0.0) {
                    soft.iter_mut().zip(&line).for_each(|(soft, value)| *soft += weight * value);
                }
            }
            let peak = soft.iter().copied().fold(f64::from(f32::MIN_POSITIVE), f64::max);
            spots.push(match self.mode {
                Mode::Occlude => Spot { area, mask: soft.into_iter().map(|value| (value / peak) as f32).collect() },
                Mode::Searchlight => {
                    let mut mask = vec![1.0; height * columns];
                    for (row, soft) in soft.chunks_exact(width).enumerate() {
                        let start = (area.from[0] + row) * columns + area.from[1];
                        mask[start..].iter_mut().zip(soft).for_each(|(mask, soft)| *mask = (1.0 - soft / peak) as f32);
                    }
                    Spot { area: Area { from: [0, 0], to: [height, columns] }, mask }
                }
            });
        }
        Ok(spots)
    }
}

/// Every row, in order.
pub(super) fn every(explained: &Explained) -> Vec<usize> {
    (0..explained.rows()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    /// The mask on a square picture, or one of 20 rows.
    fn whole(spot: &Spot, columns: usize) -> Vec<f32> {
        let mut mask = vec![0.0; columns * columns.min(if columns == 30 { 20 } else { columns })];
        for (row, line) in spot.mask.chunks(spot.area.lengths()[1]).enumerate() {
            let start = (spot.area.from[0] + row) * columns + spot.area.from[1];
            mask[start..][..line.len()].copy_from_slice(line);
        }
        mask
    }

    /// the numbers of the published code's mask on an 80 × 80 picture.
    #[test]
    fn row_a7_the_mask_is_the_published_one() {
        let masks = Perturbation::default().spots(80, 80, [16, 16]).unwrap();
        let check = |place: [usize; 2], sum: f32| {
            let mask = whole(&masks[place[0] * 16 + place[1]], 80);
            let (peak, total) = (mask.iter().copied().fold(0.0, f32::max), mask.iter().sum::<f32>());
            assert!((peak - 1.0).abs() < 1e-6 && (total - sum).abs() < 0.05, "{place:?}: peak {peak}, sum {total}");
        };
        check([8, 8], 159.6);
        check([0, 0], 41.1);
        let mask = whole(&masks[8 * 16 + 8], 80);
        let line = &mask[40 * 80..][..80];
        assert_eq!(line.iter().filter(|&&value| value > 0.0).count(), 43, "pixels across");
        assert_eq!(line.iter().filter(|&&value| value >= 0.5).count(), 11, "full width at half maximum");
    }

    #[test]
    fn a_searchlight_is_the_rest() {
        let occlude = Perturbation::default().spots(20, 30, [4, 6]).unwrap();
        let search = Perturbation { mode: Mode::Searchlight, ..Perturbation::default() }.spots(20, 30, [4, 6]).unwrap();
        for (spot, rest) in occlude.iter().zip(&search) {
            let sums = whole(spot, 30).into_iter().zip(&rest.mask).map(|(spot, rest)| spot + rest);
            assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-6) && rest.mask.len() == 600);
        }
    }
}
