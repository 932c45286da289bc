//! The input that excites a target most, by gradient ascent: what a feature would like to see.
//!
//! A network trained on few kinds of pictures answers to patterns that none of them has, so what is found need not look like any state, nor
//! be one that the environment could be in (Hilton et al. 2020, "Feature visualization"). It is to be read beside real states.
//!
//! **Source**: Olah, Mordvintsev and Schubert (2017), "Feature Visualization", and `vis_traditional` of Hilton et al.'s code, whose settings
//! are lucid's: a picture of decorrelated frequencies and colours through a sigmoid, jitter, Adam. Departures: a cosine transform stands for
//! Fourier's; of all inputs on the way the best is given; and the last quarter of the steps, from there on, is without jitter and takes no step
//! that does not raise the target.

mod canvas;
mod cosines;

pub use canvas::{Canvas, Pictures};

use ethogram_random::Random;

use crate::attribution::Explained;
use crate::error::{Error, Result};
use crate::exec::Cancel;

/// Most steps of the ascent.
pub const ASCENT_STEPS_MAX: usize = 2_000;
/// Most pixels that a picture is shifted by.
pub const JITTER_MAX: usize = 16;
/// Length of the steps with jitter, and of the longest without: in units of a coefficient. The first is lucid's.
const STEP_FIRST: f32 = 0.05;
const STEP_MOST: f32 = 0.2;
/// Below this nothing is gained any more.
const STEP_LEAST: f32 = 1e-5;
/// Adam's means.
const MEAN: f32 = 0.9;
const SQUARE: f32 = 0.999;
/// Deviations of the noise to begin with, tried in this order until one has a gradient: the first is lucid's.
const NOISES: [f32; 2] = [0.01, 1.0];

/// How the ascent goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ascent {
    /// At most [`ASCENT_STEPS_MAX`].
    pub steps: usize,
    /// Gradients are taken of the picture shifted by up to so many pixels; at most [`JITTER_MAX`].
    pub jitter: usize,
    /// The same numbers are found for the same seed.
    pub seed: u64,
}

impl Default for Ascent {
    fn default() -> Self {
        Ascent { steps: 200, jitter: 2, seed: 0 }
    }
}

/// What excites a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Excited {
    /// The input, as the network takes it.
    pub input: Vec<f32>,
    /// The target's value at the beginning and after each step; none is below the one before.
    pub curve: Vec<f32>,
    /// The ascent began at the row's own input: noise had no gradient, or led to less than that input gives.
    pub from_input: bool,
}

/// An ascent on its way.
pub struct SoFar<'a> {
    /// What of it is done, from 0 to 1.
    pub share: f64,
    climbers: &'a [Climber],
}

impl SoFar<'_> {
    /// Row after row the best input so far, as the network takes it.
    pub fn inputs(&self) -> impl Iterator<Item = &[f32]> {
        self.climbers.iter().map(|climber| climber.best.1.as_slice())
    }

    /// As [`Excited::curve`] will be. It begins anew for a row that is begun at its own input.
    pub fn curves(&self) -> impl Iterator<Item = &[f32]> {
        self.climbers.iter().map(|climber| climber.curve.as_slice())
    }
}

/// For each row of `explained` the input, within the canvas, at which its target is largest of all that the ascent came by. `names` has a number
/// for each row: its noise and jitter are by that and by the seed, so that a row goes the same way whatever rows are beside it. `tell` hears of
/// each step.
///
/// **Errors**: [`Error::Argument`] for a canvas of another width, for another count of names, and beyond the limits; [`Error::Cancelled`].
pub fn excite(
    explained: &Explained<'_>,
    canvas: &Canvas,
    ascent: &Ascent,
    names: &[u64],
    tell: &mut dyn FnMut(&SoFar<'_>),
    cancel: &Cancel,
) -> Result<Vec<Excited>> {
    canvas.check(explained.width())?;
    if names.len() != explained.rows() {
        let expected = format!("a number for each of {} rows", explained.rows());
        return Err(Error::Argument { argument: "names", expected, found: names.len().to_string() });
    }
    within("steps", ASCENT_STEPS_MAX, ascent.steps)?;
    within("jitter", JITTER_MAX, ascent.jitter)?;
    let mut climbers = begin(explained, canvas, (ascent, names), cancel)?;
    let all: Vec<usize> = (0..climbers.len()).collect();
    ascend(explained, canvas, ascent, (&mut climbers, &all), (0.0, tell), cancel)?;
    // Noise may end on a hill that is lower than where the row itself stands.
    let own = explained.values(explained.at_values(), &all, cancel)?;
    let lower =
        |row: &usize| !climbers[*row].from_input && climbers[*row].curve.last().is_none_or(|last| *last < own[*row]);
    let lower: Vec<usize> = all.into_iter().filter(lower).collect();
    start(explained, canvas, (&mut climbers, &lower), None, cancel)?;
    ascend(explained, canvas, ascent, (&mut climbers, &lower), (0.5, tell), cancel)?;
    tell(&SoFar { share: 1.0, climbers: &climbers });
    Ok(climbers
        .into_iter()
        .map(|climber| Excited { input: climber.best.1, curve: climber.curve, from_input: climber.from_input })
        .collect())
}

/// One input on its way.
struct Climber {
    coefficients: Vec<f32>,
    input: Vec<f32>,
    /// Coefficients and input of the best on the way.
    best: (Vec<f32>, Vec<f32>),
    /// What the best gave after each step.
    curve: Vec<f32>,
    mean: Vec<f32>,
    square: Vec<f32>,
    taken: i32,
    length: f32,
    random: Random,
    from_input: bool,
}

/// Every row at noise that has a gradient, or at its own input.
fn begin(
    explained: &Explained<'_>,
    canvas: &Canvas,
    (ascent, names): (&Ascent, &[u64]),
    cancel: &Cancel,
) -> Result<Vec<Climber>> {
    let width = explained.width();
    let mut climbers: Vec<Climber> = names
        .iter()
        .map(|name| {
            let random = Random::new(ascent.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name.wrapping_add(1));
            Climber {
                coefficients: vec![0.0; width],
                input: Vec::new(),
                best: (Vec::new(), Vec::new()),
                curve: Vec::new(),
                mean: vec![0.0; width],
                square: vec![0.0; width],
                taken: 0,
                length: STEP_FIRST,
                random,
                from_input: false,
            }
        })
        .collect();
    let mut waiting: Vec<usize> = (0..climbers.len()).collect();
    for noise in NOISES.into_iter().map(Some).chain([None]) {
        waiting = start(explained, canvas, (&mut climbers, &waiting), noise, cancel)?;
    }
    Ok(climbers)
}

/// Some rows at noise, or without it at their own inputs. Gives those that have no gradient there.
fn start(
    explained: &Explained<'_>,
    canvas: &Canvas,
    (climbers, rows): (&mut [Climber], &[usize]),
    noise: Option<f32>,
    cancel: &Cancel,
) -> Result<Vec<usize>> {
    let width = explained.width();
    for &row in rows {
        let climber = &mut climbers[row];
        climber.coefficients = match noise {
            Some(noise) => (0..width).map(|_| noise * climber.random.normal()).collect(),
            None => canvas.coefficients(&explained.at_values()[row * width..][..width]),
        };
        climber.from_input = noise.is_none();
        climber.input = canvas.draw(&climber.coefficients);
        climber.best = (climber.coefficients.clone(), climber.input.clone());
        climber.rest();
    }
    let points: Vec<f32> = rows.iter().flat_map(|&row| climbers[row].input.iter().copied()).collect();
    let (values, gradients) = explained.gradients(&points, rows, cancel)?;
    let mut dead = Vec::new();
    for ((&row, value), gradient) in rows.iter().zip(values).zip(gradients.chunks(width.max(1))) {
        climbers[row].curve = vec![value];
        if !gradient.iter().any(|slope| *slope != 0.0 && slope.is_finite()) {
            dead.push(row);
        }
    }
    Ok(dead)
}

/// All steps of some rows: half of the whole, from the share `from` on.
fn ascend(
    explained: &Explained<'_>,
    canvas: &Canvas,
    ascent: &Ascent,
    (climbers, rows): (&mut [Climber], &[usize]),
    (from, tell): (f64, &mut dyn FnMut(&SoFar<'_>)),
    cancel: &Cancel,
) -> Result<()> {
    let jittered = ascent.steps - ascent.steps / 4;
    for step in 0..ascent.steps {
        tell(&SoFar { share: from + 0.5 * step as f64 / ascent.steps as f64, climbers });
        if step < jittered {
            climb(explained, canvas, Some(ascent.jitter), (climbers, rows), cancel)?;
            continue;
        }
        if step == jittered {
            rows.iter().for_each(|&row| climbers[row].return_to_best());
        }
        let climbing: Vec<usize> = rows.iter().copied().filter(|&row| climbers[row].length >= STEP_LEAST).collect();
        if climbing.is_empty() {
            break;
        }
        climb(explained, canvas, None, (climbers, &climbing), cancel)?;
    }
    Ok(())
}

/// One step of some rows: with jitter whatever comes of it, without only upwards.
fn climb(
    explained: &Explained<'_>,
    canvas: &Canvas,
    jitter: Option<usize>,
    (climbers, rows): (&mut [Climber], &[usize]),
    cancel: &Cancel,
) -> Result<()> {
    let width = explained.width();
    let reach = jitter.unwrap_or(0);
    let mut shifts = Vec::with_capacity(rows.len());
    let mut points = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        let climber = &mut climbers[row];
        let mut shift = || climber.random.below(2 * reach + 1) as isize - reach as isize;
        let shift = [shift(), shift()];
        points.extend(canvas.shifted(&climber.input, shift));
        shifts.push(shift);
    }
    let (_, gradients) = explained.gradients(&points, rows, cancel)?;
    let proposed = explained.side_by_side(rows.len(), |index| {
        let gradient = canvas.shifted_back(&gradients[index * width..][..width], shifts[index]);
        let climber = &climbers[rows[index]];
        let slopes = canvas.slopes(&climber.coefficients, &gradient);
        let (mean, square) = means(climber, &slopes);
        let coefficients = climber.towards(&mean, &square);
        let input = canvas.draw(&coefficients);
        Ok((mean, square, coefficients, input))
    })?;
    let points: Vec<f32> = proposed.iter().flat_map(|(.., input)| input.iter().copied()).collect();
    let values = explained.values(&points, rows, cancel)?;
    for ((&row, (mean, square, coefficients, input)), value) in rows.iter().zip(proposed).zip(values) {
        let climber = &mut climbers[row];
        (climber.mean, climber.square) = (mean, square);
        climber.taken += 1;
        let before = climber.curve.last().copied().unwrap_or(f32::NEG_INFINITY);
        let rises = value > before;
        if rises || jitter.is_some() {
            (climber.coefficients, climber.input) = (coefficients, input);
        }
        if rises {
            climber.best = (climber.coefficients.clone(), climber.input.clone());
        }
        if jitter.is_none() {
            climber.length = if rises { (1.1 * climber.length).min(STEP_MOST) } else { 0.5 * climber.length };
        }
        climber.curve.push(if rises { value } else { before });
    }
    Ok(())
}

/// Adam's means with one more gradient.
fn means(climber: &Climber, slopes: &[f32]) -> (Vec<f32>, Vec<f32>) {
    // A slope that is no number says nothing.
    let slopes = || slopes.iter().map(|slope| if slope.is_finite() { *slope } else { 0.0 });
    let mean = climber.mean.iter().zip(slopes()).map(|(mean, slope)| MEAN * mean + (1.0 - MEAN) * slope);
    let square =
        climber.square.iter().zip(slopes()).map(|(mean, slope)| SQUARE * mean + (1.0 - SQUARE) * slope * slope);
    (mean.collect(), square.collect())
}

impl Climber {
    /// Forgets the way that led here.
    fn rest(&mut self) {
        let width = self.coefficients.len();
        (self.mean, self.square, self.taken, self.length) = (vec![0.0; width], vec![0.0; width], 0, STEP_FIRST);
    }

    /// Goes back to the best on the way.
    fn return_to_best(&mut self) {
        (self.coefficients, self.input) = self.best.clone();
        self.rest();
    }

    /// Where the next step leads. **Source**: Kingma and Ba (2015), algorithm 1.
    fn towards(&self, mean: &[f32], square: &[f32]) -> Vec<f32> {
        let taken = self.taken + 1;
        let (of_mean, of_square) = (1.0 - MEAN.powi(taken), 1.0 - SQUARE.powi(taken));
        let step = |(mean, square): (&f32, &f32)| {
            let deviation = (square / of_square).sqrt();
            // Relative, for slopes may be of any size.
            if deviation > 0.0 { self.length * (mean / of_mean) / deviation } else { 0.0 }
        };
        self.coefficients.iter().zip(mean.iter().zip(square)).map(|(at, means)| at + step(means)).collect()
    }
}

fn within(argument: &'static str, most: usize, found: usize) -> Result<()> {
    if found <= most {
        return Ok(());
    }
    Err(Error::Argument { argument, expected: format!("at most {most}"), found: found.to_string() })
}
