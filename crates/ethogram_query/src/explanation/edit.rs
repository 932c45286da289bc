//! Changes of what the policy received at a step: a short list that can be stored, shared and done again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ethogram_store::{Dtype, FieldInfo};

use super::picture::{Picture, SIGMA_MAX};
use crate::{Error, Result};

/// Most edits of one question.
pub const EDITS_MAX: usize = 256;
/// Most places of all edits together: elements, and runs of pixels.
pub const EDIT_PLACES_MAX: usize = 100_000;
/// Most looks at a pixel's neighbours of all blurs together: about a second's work.
const BLUR_LOOKS_MAX: usize = 500_000_000;

/// One change of one field. Edits are done one after the other, each on what those before it left.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// `observation`, a part of it such as `observation/camera`, or `recurrent_state`.
    pub field: String,
    /// Where.
    pub place: Place,
    /// Frames of a stack that are changed; all when left out.
    pub planes: Option<Vec<usize>>,
    /// What is done there.
    pub change: Change,
}

/// Where something is changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Everywhere.
    All,
    /// These elements of the flattened row.
    Elements(Vec<usize>),
    /// A rectangle of pixels; what of it lies beyond the picture is left out.
    Rect {
        /// Left edge.
        x: usize,
        /// Top edge.
        y: usize,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Pixels, counted row after row: the first of each run, and how many.
    Runs(Vec<(usize, usize)>),
}

/// What is done at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// This number, in the units of what was recorded.
    Set(f32),
    /// A Gaussian blur of the whole plane, of which the place is taken.
    Blur(f32),
    /// What is usually there: the median over the episode.
    Erase,
    /// What was there at another step.
    Paste {
        /// Of which episode; this one when left out.
        episode: Option<u64>,
        /// The step.
        step: u64,
        /// Taken from so many pixels further right.
        dx: i64,
        /// Taken from so many pixels further down.
        dy: i64,
    },
}

/// Rows that edits take numbers from.
pub trait Elsewhere {
    /// A field's row at a step of an episode.
    fn row(&self, field: &str, episode: Option<u64>, step: u64) -> Result<Vec<f32>>;
    /// What a field usually holds.
    fn background(&self, field: &str) -> Result<Cow<'_, [f32]>>;
}

/// A field's row at a step, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct EditedField {
    /// The field.
    pub info: FieldInfo,
    /// As recorded.
    pub before: Vec<f32>,
    /// After all edits.
    pub after: Vec<f32>,
    /// Numbers that an edit wanted beyond what the type can hold; they were brought to its ends.
    pub clipped: usize,
}

/// Does the edits, in order.
///
/// **Errors**: a field that the network does not take, a place outside of it, [`EDITS_MAX`] and [`EDIT_PLACES_MAX`].
pub fn apply(edits: &[Edit], fields: &mut BTreeMap<String, EditedField>, from: &dyn Elsewhere) -> Result<()> {
    within("edits (EDITS_MAX)", EDITS_MAX, edits.len())?;
    within("places of edits (EDIT_PLACES_MAX)", EDIT_PLACES_MAX, edits.iter().map(|edit| edit.place.count()).sum())?;
    let looks = edits.iter().filter_map(|edit| Some(edit.looks(&fields.get(&edit.field)?.info)));
    within("looks of blurs (BLUR_LOOKS_MAX)", BLUR_LOOKS_MAX, looks.fold(0, usize::saturating_add))?;
    for edit in edits {
        let known = fields.keys().cloned().collect::<Vec<_>>().join(", ");
        let field =
            fields.get_mut(&edit.field).ok_or_else(|| wrong("field", format!("one of {known}"), &edit.field))?;
        edit.apply(field, from)?;
    }
    Ok(())
}

impl Place {
    fn count(&self) -> usize {
        match self {
            Place::All | Place::Rect { .. } => 1,
            Place::Elements(elements) => elements.len(),
            Place::Runs(runs) => runs.len(),
        }
    }
}

impl Edit {
    fn apply(&self, field: &mut EditedField, from: &dyn Elsewhere) -> Result<()> {
        let picture = Picture::of(&field.info);
        let planes = self.planes(picture)?;
        let elements = self.elements(field, picture, &planes)?;
        match &self.change {
            Change::Set(value) if !value.is_finite() => {
                return Err(wrong("set", "a finite number".into(), &value.to_string()));
            }
            Change::Set(value) => elements.iter().for_each(|&at| field.set(at, *value)),
            Change::Blur(sigma) => {
                let picture = picture.ok_or_else(|| wrong("blur", "a field of pictures".into(), &self.field))?;
                if !(*sigma > 0.0 && *sigma <= SIGMA_MAX) {
                    let expected = format!("a standard deviation above 0, at most {SIGMA_MAX}");
                    return Err(wrong("blur", expected, &sigma.to_string()));
                }
                let mut soft = field.after.clone();
                for &plane in &planes {
                    soft = picture.blurred(&soft, plane, *sigma);
                }
                for &at in &elements {
                    field.set(at, soft[at]);
                }
            }
            Change::Erase => {
                let background = from.background(&self.field)?;
                for &at in &elements {
                    field.set(at, background[at]);
                }
            }
            Change::Paste { episode, step, dx, dy } => {
                let row = from.row(&self.field, *episode, *step)?;
                if row.len() != field.after.len() {
                    let expected = format!("a step with {} numbers of {:?}", field.after.len(), self.field);
                    return Err(wrong("paste", expected, &row.len().to_string()));
                }
                let shifted = (*dx, *dy) != (0, 0);
                match picture.filter(|_| shifted) {
                    None if shifted => {
                        return Err(wrong("paste", "no shift, for it is no picture".into(), &self.field));
                    }
                    None => elements.iter().for_each(|&at| field.set(at, row[at])),
                    Some(picture) => {
                        for (plane, y, x) in self.pixels(picture, &planes)? {
                            let there = (x as i64).checked_add(*dx).zip((y as i64).checked_add(*dy));
                            let inside = |at: i64, length: usize| usize::try_from(at).ok().filter(|&at| at < length);
                            let there =
                                there.and_then(|(x, y)| Some((inside(x, picture.width)?, inside(y, picture.height)?)));
                            // What would come from beyond the other picture stays.
                            let Some((from_x, from_y)) = there else { continue };
                            let pairs = picture.elements(plane, y, x).zip(picture.elements(plane, from_y, from_x));
                            pairs.for_each(|(to, from)| field.set(to, row[from]));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Neighbours that a blur looks at: those of each pixel along rows and along columns.
    fn looks(&self, info: &FieldInfo) -> usize {
        match (&self.change, Picture::of(info)) {
            (Change::Blur(sigma), Some(picture)) => {
                let planes = self.planes.as_ref().map_or(picture.planes, Vec::len);
                let reach = (8.0 * sigma.clamp(0.0, SIGMA_MAX)) as usize + 1;
                let pixels = picture.height.saturating_mul(picture.width).saturating_mul(picture.channels);
                pixels.saturating_mul(planes).saturating_mul(2 * reach)
            }
            _ => 0,
        }
    }

    fn planes(&self, picture: Option<Picture>) -> Result<Vec<usize>> {
        let count = picture.map_or(1, |picture| picture.planes);
        match &self.planes {
            None => Ok((0..count).collect()),
            Some(planes) => match planes.iter().find(|&&plane| plane >= count) {
                Some(plane) => Err(wrong("planes", format!("planes below {count}"), &plane.to_string())),
                None => Ok(planes.iter().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect()),
            },
        }
    }

    /// Elements of the row that are changed.
    fn elements(&self, field: &EditedField, picture: Option<Picture>, planes: &[usize]) -> Result<Vec<usize>> {
        let width = field.after.len();
        match (&self.place, picture) {
            (Place::Elements(elements), _) => match elements.iter().find(|&&at| at >= width) {
                Some(at) => Err(wrong("elements", format!("elements below {width}"), &at.to_string())),
                None => Ok(elements.clone()),
            },
            (Place::All, _) if self.planes.is_none() => Ok((0..width).collect()),
            (_, Some(picture)) => {
                let pixels = self.pixels(picture, planes)?;
                Ok(pixels.into_iter().flat_map(|(plane, y, x)| picture.elements(plane, y, x)).collect())
            }
            (_, None) => Err(wrong("place", "elements, or all, for it is no picture".into(), &self.field)),
        }
    }

    /// Plane, row and column of every pixel that is changed.
    fn pixels(&self, picture: Picture, planes: &[usize]) -> Result<Vec<(usize, usize, usize)>> {
        let Picture { height, width, .. } = picture;
        let flat: Vec<usize> = match &self.place {
            Place::All => (0..height * width).collect(),
            Place::Rect { x, y, width: columns, height: rows } => {
                let (right, bottom) = (x.saturating_add(*columns).min(width), y.saturating_add(*rows).min(height));
                (*y..bottom).flat_map(|y| (*x..right).map(move |x| y * width + x)).collect()
            }
            Place::Runs(runs) => {
                let mut flat = Vec::new();
                for &(start, count) in runs {
                    let end = start.checked_add(count).filter(|&end| end <= height * width).ok_or_else(|| {
                        wrong(
                            "runs",
                            format!("runs within {} pixels", height * width),
                            &format!("{count} from {start}"),
                        )
                    })?;
                    flat.extend(start..end);
                }
                flat.sort_unstable();
                flat.dedup();
                flat
            }
            Place::Elements(_) => {
                return Err(wrong("place", "a rectangle, runs or all, to be shifted".into(), "elements"));
            }
        };
        Ok(planes.iter().flat_map(|&plane| flat.iter().map(move |at| (plane, at / width, at % width))).collect())
    }
}

impl EditedField {
    /// A row as it was recorded.
    pub fn new(info: FieldInfo, row: Vec<f32>) -> Self {
        EditedField { info, after: row.clone(), before: row, clipped: 0 }
    }

    /// How many numbers are not what they were.
    pub fn changed(&self) -> usize {
        self.before.iter().zip(&self.after).filter(|(before, after)| before.to_bits() != after.to_bits()).count()
    }

    /// Writes a number as the field can hold it.
    fn set(&mut self, at: usize, value: f32) {
        let Some((low, high)) = self.info.dtype.and_then(ends_of) else {
            self.after[at] = value;
            return;
        };
        let whole = value.round_ties_even();
        if whole < low || whole > high {
            self.clipped += 1;
        }
        self.after[at] = whole.clamp(low, high);
    }
}

/// Smallest and largest whole number of a type; `None` for floats.
pub fn ends_of(dtype: Dtype) -> Option<(f32, f32)> {
    Some(match dtype {
        Dtype::Bool => (0.0, 1.0),
        Dtype::Uint8 => (0.0, 255.0),
        Dtype::Int8 => (-128.0, 127.0),
        Dtype::Uint16 => (0.0, 65_535.0),
        Dtype::Int16 => (-32_768.0, 32_767.0),
        Dtype::Uint32 => (0.0, u32::MAX as f32),
        Dtype::Int32 => (i32::MIN as f32, i32::MAX as f32),
        Dtype::Uint64 => (0.0, u64::MAX as f32),
        Dtype::Int64 => (i64::MIN as f32, i64::MAX as f32),
        Dtype::Float16 | Dtype::Float32 | Dtype::Float64 => return None,
    })
}

fn within(what: &str, limit: usize, found: usize) -> Result<()> {
    if found <= limit {
        return Ok(());
    }
    Err(Error::TooLarge { what: what.to_owned(), limit: limit as u64, found: found as u64 })
}

fn wrong(param: &str, expected: String, found: &str) -> Error {
    Error::BadParam { field: "edit".to_owned(), param: param.to_owned(), expected, found: found.to_owned() }
}

#[cfg(test)]
mod tests {
    use ethogram_store::Axis;

    use super::*;

    /// Step 7 holds its own element's index; the background is 9.
    struct Other(usize);

    impl Elsewhere for Other {
        fn row(&self, _: &str, _: Option<u64>, step: u64) -> Result<Vec<f32>> {
            assert_eq!(step, 7);
            Ok((0..self.0).map(|at| at as f32).collect())
        }

        fn background(&self, _: &str) -> Result<Cow<'_, [f32]>> {
            Ok(vec![9.0; self.0].into())
        }
    }

    fn done(shape: &[usize], dtype: Dtype, edits: &[Edit]) -> Result<EditedField> {
        let name = "observation".to_owned();
        let stack_axis = (shape.len() == 3).then_some(0);
        let info = FieldInfo {
            name: name.clone(),
            axis: Axis::Step,
            dtype: Some(dtype),
            shape: shape.to_vec(),
            image: false,
            stack_axis,
        };
        let width = shape.iter().product();
        let mut fields = BTreeMap::from([(name, EditedField::new(info, vec![1.0; width]))]);
        apply(edits, &mut fields, &Other(width))?;
        Ok(fields.remove("observation").expect("the field"))
    }

    fn edit(place: Place, change: Change) -> Edit {
        Edit { field: "observation".into(), place, planes: None, change }
    }

    fn rect(x: usize, y: usize, width: usize, height: usize) -> Place {
        Place::Rect { x, y, width, height }
    }

    fn paste(dx: i64, dy: i64) -> Change {
        Change::Paste { episode: None, step: 7, dx, dy }
    }

    #[test]
    fn each_change_does_what_it_says() {
        let check = |shape: &[usize], edits: &[Edit], expected: &[f32]| {
            assert_eq!(done(shape, Dtype::Float32, edits).expect("done").after, expected, "{edits:?}");
        };
        check(&[3], &[edit(Place::Elements(vec![0, 2]), Change::Set(-0.5))], &[-0.5, 1.0, -0.5]);
        check(&[3], &[edit(Place::All, Change::Erase), edit(Place::Elements(vec![1]), paste(0, 0))], &[9.0, 1.0, 9.0]);
        check(&[2, 3], &[edit(rect(1, 0, 9, 1), Change::Set(4.0))], &[1.0, 4.0, 4.0, 1.0, 1.0, 1.0]);
        check(&[2, 3], &[edit(Place::Runs(vec![(2, 2)]), Change::Set(4.0))], &[1.0, 1.0, 4.0, 4.0, 1.0, 1.0]);
        // Element 4 comes from one further left and above; what would come from beyond the edge stays.
        check(&[2, 3], &[edit(rect(0, 1, 2, 1), paste(-1, -1))], &[1.0, 1.0, 1.0, 1.0, 0.0, 1.0]);
        check(&[2, 2], &[edit(rect(0, 0, 2, 2), Change::Blur(2.0))], &[1.0; 4]);
        let second = Edit { planes: Some(vec![1, 1]), ..edit(Place::All, Change::Set(0.0)) };
        check(&[2, 1, 2], &[second], &[1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn bytes_are_rounded_and_clipped_and_it_is_said() {
        let edits =
            [edit(Place::Elements(vec![0]), Change::Set(300.0)), edit(Place::Elements(vec![1]), Change::Set(2.6))];
        let found = done(&[3], Dtype::Uint8, &edits).expect("done");
        assert_eq!((found.after.clone(), found.clipped, found.changed()), (vec![255.0, 3.0, 1.0], 1, 2));
    }

    #[test]
    fn what_cannot_be_done_is_named() {
        let check = |shape: &[usize], edit: Edit, text: &str| {
            let error = done(shape, Dtype::Float32, &[edit]).expect_err(text).to_string();
            assert!(error.contains(text), "{error}");
        };
        check(&[3], edit(Place::Elements(vec![3]), Change::Set(0.0)), "elements below 3");
        check(&[3], edit(rect(0, 0, 1, 1), Change::Set(0.0)), "no picture");
        check(&[3], edit(Place::All, Change::Blur(1.0)), "a field of pictures");
        check(&[2, 2], edit(Place::All, Change::Blur(1e9)), "at most 100");
        check(&[2, 2], edit(Place::All, Change::Set(f32::NAN)), "finite");
        check(&[2, 2], edit(Place::Runs(vec![(usize::MAX, 2)]), Change::Set(0.0)), "runs within 4 pixels");
        check(&[2, 2], Edit { field: "reward".into(), ..edit(Place::All, Change::Erase) }, "one of observation");
        check(&[2, 2], Edit { planes: Some(vec![1]), ..edit(Place::All, Change::Erase) }, "planes below 1");
        let soft = vec![edit(Place::All, Change::Blur(100.0)); EDITS_MAX];
        let error = done(&[200, 200], Dtype::Float32, &soft).expect_err("too much work").to_string();
        assert!(error.contains("BLUR_LOOKS_MAX"), "{error}");
        let many = vec![edit(Place::All, Change::Erase); EDITS_MAX + 1];
        assert!(done(&[2], Dtype::Float32, &many).expect_err("too many").to_string().contains("EDITS_MAX"));
    }
}
