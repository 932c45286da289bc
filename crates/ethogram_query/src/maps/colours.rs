//! Numbers of points beside those that they are laid out by: what they are coloured, faded and sized by.

use ethogram_store::{Column, ColumnData, Dtype, Space};

use super::map::StateMap;
use super::request::MapSource;
use super::selection::Place;
use super::words::Words;
use crate::{Error, Params, Result, RunHandle, Workbench};

/// Bytes of a field's rows that are read at once, about.
const WINDOW_BYTES: u64 = 16 << 20;

/// A field of every point.
#[derive(Clone, Debug, PartialEq)]
pub struct MapField {
    /// A number a point; `None` where nothing was logged.
    pub values: Vec<Option<f64>>,
    /// What the whole numbers from 0 on stand for, where they have names, or are text.
    pub names: Option<Vec<String>>,
}

/// What is taken of a row with several numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pick {
    Only,
    Element(usize),
    Max,
    Min,
    Mean,
    Sum,
    Norm,
    Argmax,
    /// Over all points: from the most undecided, 0, to the most certain, 1.
    MinMax,
}

impl Workbench {
    /// A number of every point of a map. Of text, which is a number of each of its values in their order.
    ///
    /// `name` is a field of steps, logged or derived; `NAME[2]` one element of several, `NAME[max]` (`min`, `mean`, `sum`, `norm`, `argmax`) a
    /// number made of all; or one of `run`, `episode`, `step`, `global_step` and `time` (the share of the episode that passed). `confidence` is
    /// 1 − H / ln A; `confidence[min_max]` is scaled by the smallest and largest entropy of the points instead.
    ///
    /// # Errors
    /// No episode has it, it has several numbers and none is picked, or it is text with more than
    /// [`MAP_WORDS_MAX`](super::MAP_WORDS_MAX) values.
    pub fn map_field(&self, map: &StateMap, name: &str) -> Result<MapField> {
        let (field, pick) = parse(name)?;
        if let Some(values) = place_of(map, field).filter(|_| pick == Pick::Only) {
            let names = (field == "run").then(|| map.sources().iter().map(|source| self.name_of(source)).collect());
            return Ok(MapField { values, names });
        }
        match field {
            "global_step" if pick == Pick::Only => self.global_steps(map),
            "confidence" if pick == Pick::MinMax => {
                let entropy = self.numbers(map, "entropy", Pick::Only)?;
                Ok(MapField { values: min_max(&entropy.values), names: None })
            }
            _ if pick == Pick::MinMax => Err(min_max_of(name, field)),
            _ => self.numbers(map, field, pick),
        }
    }

    /// Looks whether a place has a number of this name.
    ///
    /// # Errors
    /// As [`Workbench::map_field`].
    pub(super) fn has_map_field(&self, source: &MapSource, place: &Place, name: &str) -> Result<()> {
        let (field, pick) = parse(name)?;
        let field = match field {
            "run" | "episode" | "step" | "time" | "global_step" if pick == Pick::Only => return Ok(()),
            "confidence" if pick == Pick::MinMax => "entropy",
            _ if pick == Pick::MinMax => return Err(min_max_of(name, field)),
            _ => field,
        };
        let pick = if pick == Pick::MinMax { Pick::Only } else { pick };
        episode(&*self.source_of(source)?, &[*place], field, pick, &mut Words::default())?;
        Ok(())
    }

    /// For people.
    fn name_of(&self, source: &MapSource) -> String {
        let name = self.run(&source.run.0).map_or_else(|_| source.run.0.clone(), |run| run.info().name.clone());
        source.samples.as_ref().map_or_else(|| name.clone(), |samples| format!("{name} {samples}"))
    }

    fn numbers(&self, map: &StateMap, field: &str, pick: Pick) -> Result<MapField> {
        let mut values = Vec::with_capacity(map.places().len());
        let (mut failed, mut names) = (None, Names::Unknown);
        let (mut words, mut any_number) = (Words::default(), false);
        for some in map.places().chunk_by(|a, b| (a.source, a.episode) == (b.source, b.episode)) {
            let run = self.source_of(&map.sources()[some[0].source as usize])?;
            match episode(&run, some, field, pick, &mut words) {
                Ok((found, dtype)) => {
                    any_number |= dtype.is_some();
                    values.extend(found);
                    names = names.and(named(&run, field, pick, dtype));
                }
                Err(error) if error.is_not_found() || error.is_missing_input() => {
                    failed.get_or_insert(error);
                    values.extend(some.iter().map(|_| None));
                }
                Err(error) => return Err(error),
            }
        }
        if !words.is_empty() {
            if any_number {
                return Err(wrong(field, "numbers in all episodes, or text in all", "both"));
            }
            let (values, names) = words.sorted(values);
            return Ok(MapField { values, names: Some(names) });
        }
        match (failed, names) {
            (Some(error), Names::Unknown) => Err(error),
            (_, Names::These(names)) => Ok(MapField { values, names: Some(names) }),
            _ => Ok(MapField { values, names: None }),
        }
    }

    /// As logged at the steps; else that of the reset and as many steps as all environments together took since.
    fn global_steps(&self, map: &StateMap) -> Result<MapField> {
        let mut values = Vec::with_capacity(map.places().len());
        for some in map.places().chunk_by(|a, b| (a.source, a.episode) == (b.source, b.episode)) {
            let run = self.source_of(&map.sources()[some[0].source as usize])?;
            if let Ok((logged, _)) = episode(&run, some, "global_step", Pick::Only, &mut Words::default()) {
                values.extend(logged);
                continue;
            }
            let first = run.episode(some[0].episode)?.global_step as f64;
            let side_by_side = f64::from(run.info().env.as_ref().map_or(1, |env| env.num_envs.max(1)));
            values.extend(some.iter().map(|place| Some(first + place.step as f64 * side_by_side)));
        }
        Ok(MapField { values, names: None })
    }
}

/// Names of whole numbers, over all sources.
enum Names {
    Unknown,
    None,
    These(Vec<String>),
}

impl Names {
    fn and(self, more: Option<Vec<String>>) -> Self {
        match (self, more) {
            (Names::Unknown, Some(names)) => Names::These(names),
            (Names::These(known), Some(names)) if known == names => Names::These(known),
            _ => Names::None,
        }
    }
}

/// What is known without reading any field.
fn place_of(map: &StateMap, name: &str) -> Option<Vec<Option<f64>>> {
    let of = |number: &dyn Fn(&Place) -> f64| Some(map.places().iter().map(|place| Some(number(place))).collect());
    match name {
        "run" => of(&|place| f64::from(place.source)),
        "episode" => of(&|place| place.episode as f64),
        "step" => of(&|place| place.step as f64),
        "time" => of(&|place| place.step as f64 / map.length(place).saturating_sub(1).max(1) as f64),
        _ => None,
    }
}

/// Numbers at places of one episode, and what they are kept as: `None` for text, whose values are numbered by `words`.
fn episode(
    run: &RunHandle,
    places: &[Place],
    field: &str,
    pick: Pick,
    words: &mut Words,
) -> Result<(Vec<Option<f64>>, Option<Dtype>)> {
    let mut found = Vec::with_capacity(places.len());
    let mut dtype = None;
    let mut window = 1;
    let mut rest = places;
    while let Some(first) = rest.first() {
        let end = rest.partition_point(|place| place.step < first.step + window);
        let (some, after) = rest.split_at(end);
        let read = run.field(first.episode, field, &Params::new(), first.step..some[end - 1].step + 1)?;
        let column = &read.column;
        let width: usize = column.info.shape.iter().product();
        check(field, pick, width, column)?;
        dtype = column.info.dtype;
        // Known from the first row on how much goes into one read.
        window = (WINDOW_BYTES / (8 * width.max(1) as u64)).max(1);
        let row_of = |place: &Place| {
            let row = place.step.checked_sub(column.first)? as usize;
            (row < column.rows() && column.is_valid(row)).then_some(row)
        };
        if let ColumnData::Text(texts) = &column.data {
            for place in some {
                found.push(row_of(place).map(|row| words.number(field, &texts[row])).transpose()?);
            }
        } else {
            let numbers = column.to_f64();
            found.extend(some.iter().map(|place| row_of(place).map(|row| pick.of(&numbers[row * width..][..width]))));
        }
        rest = after;
    }
    Ok((found, dtype))
}

fn check(field: &str, pick: Pick, width: usize, column: &Column) -> Result<()> {
    let bad = |expected: String, found: String| Err(wrong(field, &expected, &found));
    if column.info.dtype.is_none() {
        let expected = "a field of numbers, or its name alone".to_owned();
        return if pick == Pick::Only { Ok(()) } else { bad(expected, "text".to_owned()) };
    }
    match pick {
        Pick::Only if width != 1 => bad(
            format!(
                "one number a step; {field}[0] to {field}[{}], {field}[max], [min], [mean], [sum], [norm] or [argmax] is one",
                width.saturating_sub(1)
            ),
            format!("{width} numbers"),
        ),
        Pick::Element(at) if at >= width => bad(format!("an element below {width}"), at.to_string()),
        _ if width == 0 => bad("at least one number a step".to_owned(), "none".to_owned()),
        _ => Ok(()),
    }
}

impl Pick {
    fn of(self, row: &[f64]) -> f64 {
        let sum = || row.iter().sum::<f64>();
        let extreme = |sign: f64| {
            let best = row.iter().enumerate().filter(|(_, value)| !value.is_nan());
            best.fold(None, |best: Option<(usize, f64)>, (at, value)| match best {
                Some((_, known)) if sign * *value <= sign * known => best,
                _ => Some((at, *value)),
            })
        };
        match self {
            Pick::Only | Pick::MinMax => row[0],
            Pick::Element(at) => row[at],
            Pick::Max => extreme(1.0).map_or(f64::NAN, |(_, value)| value),
            Pick::Min => extreme(-1.0).map_or(f64::NAN, |(_, value)| value),
            Pick::Argmax => extreme(1.0).map_or(f64::NAN, |(at, _)| at as f64),
            Pick::Mean => sum() / row.len() as f64,
            Pick::Sum => sum(),
            Pick::Norm => row.iter().map(|value| value * value).sum::<f64>().sqrt(),
        }
    }
}

/// `NAME[PICK]` as its parts.
fn parse(name: &str) -> Result<(&str, Pick)> {
    let Some((field, pick)) = name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) else {
        return Ok((name, Pick::Only));
    };
    let pick = match pick {
        "max" => Pick::Max,
        "min" => Pick::Min,
        "mean" => Pick::Mean,
        "sum" => Pick::Sum,
        "norm" => Pick::Norm,
        "argmax" => Pick::Argmax,
        "min_max" => Pick::MinMax,
        _ => match pick.parse() {
            Ok(at) => Pick::Element(at),
            Err(_) => {
                return Err(wrong(name, "an element from 0, max, min, mean, sum, norm or argmax in brackets", pick));
            }
        },
    };
    Ok((field, pick))
}

fn min_max_of(name: &str, field: &str) -> Error {
    wrong(name, "confidence[min_max], the only one of its kind", field)
}

/// From the largest entropy, 0, to the smallest, 1; all 1 where they are the same.
fn min_max(entropy: &[Option<f64>]) -> Vec<Option<f64>> {
    let finite = || entropy.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let scaled = |value: f64| if high > low { 1.0 - (value - low) / (high - low) } else { value * 0.0 + 1.0 };
    entropy.iter().map(|value| value.map(scaled)).collect()
}

/// What the whole numbers of a field stand for.
fn named(run: &RunHandle, field: &str, pick: Pick, dtype: Option<Dtype>) -> Option<Vec<String>> {
    if pick != Pick::Argmax && dtype == Some(Dtype::Bool) {
        return Some(vec!["false".to_owned(), "true".to_owned()]);
    }
    let env = run.info().env.as_ref()?;
    let Some(Space::Discrete { n, start, .. }) = env.action_space.as_ref() else { return None };
    let meanings = &env.action_meanings;
    let is_named = meanings.len() as u64 == *n && !meanings.iter().all(String::is_empty);
    let over_actions = ["logits", "action_probabilities", "q_values", "q_mean"].contains(&field);
    match (field, pick) {
        ("action", Pick::Only) if is_named && (0..=64).contains(start) => {
            Some((0..*start).map(|_| String::new()).chain(meanings.iter().cloned()).collect())
        }
        (_, Pick::Argmax) if is_named && over_actions => Some(meanings.clone()),
        _ => None,
    }
}

fn wrong(param: &str, expected: &str, found: &str) -> Error {
    super::request::wrong(&param.chars().take(64).collect::<String>(), expected, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_made_of_several() {
        let row = [3.0, f64::NAN, -4.0, 3.0];
        let of = |name: &str| parse(name).map(|(_, pick)| pick.of(&row)).expect("a pick");
        assert_eq!((of("x[max]"), of("x[min]"), of("x[argmax]"), of("x[2]")), (3.0, -4.0, 0.0, -4.0));
        assert!(of("x[mean]").is_nan() && Pick::Max.of(&[f64::NAN]).is_nan());
        assert_eq!(
            (Pick::Norm.of(&[3.0, 4.0]), Pick::Sum.of(&[3.0, 4.0]), Pick::Mean.of(&[3.0, 4.0])),
            (5.0, 7.0, 3.5)
        );
        assert_eq!(parse("a/b[x][1]").expect("an element"), ("a/b[x]", Pick::Element(1)));
        assert!(parse("x[most]").is_err() && parse("x[-1]").is_err());
    }

    /// D-13's optional scale: 1 at the smallest entropy, 0 at the largest.
    #[test]
    fn confidence_by_the_extent_of_entropy() {
        let found = min_max(&[Some(0.5), None, Some(1.5), Some(1.0), Some(f64::NAN)]);
        assert_eq!(found[..4], [Some(1.0), None, Some(0.0), Some(0.5)]);
        assert!(found[4].is_some_and(f64::is_nan));
        assert_eq!(min_max(&[Some(2.0), Some(2.0)]), [Some(1.0), Some(1.0)]);
    }
}
