//! What may be drawn: numbers without bounds become an input within its own.

use super::cosines::Cosines;
use crate::error::{Error, Result};

/// How colours go together in natural pictures: column *j* is a direction in which red, green and blue vary by themselves, the strongest
/// first. **Source**: lucid, `optvis/param/color.py`, `color_correlation_svd_sqrt`, divided by its largest column's length.
const COLOURS: [[f32; 3]; 3] =
    [[0.562_829, 0.194_825, 0.043_295], [0.584_476, 0.0, -0.108_236], [0.584_476, -0.194_825, 0.064_942]];
/// How near to its bounds an element comes where it is drawn from an input.
const MARGIN: f32 = 0.01;

/// The pictures that an input is made of.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// Rows of a plane.
    pub height: usize,
    /// Columns of a plane.
    pub width: usize,
    /// For each plane the elements of the input, row after row. Every element is in one of them.
    pub planes: Vec<Vec<usize>>,
    /// Planes that are the red, green and blue of one picture.
    pub colours: Vec<[usize; 3]>,
}

/// Bounds of an input, and how it is drawn: a sigmoid within the bounds, of frequencies and colours where it is pictures.
#[derive(Clone, Debug)]
pub struct Canvas {
    low: Vec<f32>,
    high: Vec<f32>,
    pictures: Option<(Pictures, Cosines)>,
}

impl Canvas {
    /// **Errors**: bounds that are not finite or not in order; pictures whose planes do not cover the input, each element once.
    pub fn new(low: Vec<f32>, high: Vec<f32>, pictures: Option<Pictures>) -> Result<Self> {
        let sound = low.len() == high.len()
            && low.iter().zip(&high).all(|(low, high)| low.is_finite() && high.is_finite() && low <= high);
        if !sound {
            return Err(Error::Argument {
                argument: "bounds",
                expected: "finite low ≤ high for each element".to_owned(),
                found: format!("{} and {} of them, or one that is not so", low.len(), high.len()),
            });
        }
        if let Some(pictures) = &pictures {
            let mut elements: Vec<usize> = pictures.planes.iter().flatten().copied().collect();
            elements.sort_unstable();
            let plane = pictures.height * pictures.width;
            let whole = elements.into_iter().eq(0..low.len()) && pictures.planes.iter().all(|own| own.len() == plane);
            let named = pictures.colours.iter().flatten().all(|plane| *plane < pictures.planes.len());
            if !whole || !named || plane == 0 {
                return Err(Error::Argument {
                    argument: "pictures",
                    expected: format!("planes that have each of {} elements once", low.len()),
                    found: format!("{} planes of {} × {}", pictures.planes.len(), pictures.height, pictures.width),
                });
            }
        }
        let pictures = pictures.map(|pictures| {
            let cosines = Cosines::new(pictures.height, pictures.width);
            (pictures, cosines)
        });
        Ok(Canvas { low, high, pictures })
    }

    /// **Errors**: an input of another width.
    pub(super) fn check(&self, width: usize) -> Result<()> {
        if self.low.len() == width {
            return Ok(());
        }
        let expected = format!("bounds for {width} elements");
        Err(Error::Argument { argument: "canvas", expected, found: self.low.len().to_string() })
    }

    /// The input that coefficients stand for.
    pub(super) fn draw(&self, coefficients: &[f32]) -> Vec<f32> {
        self.level(coefficients)
            .into_iter()
            .zip(self.low.iter().zip(&self.high))
            .map(|(level, (low, high))| (low + (high - low) * sigmoid(level)).clamp(*low, *high))
            .collect()
    }

    /// Slopes of the coefficients from those of the input that they stand for.
    pub(super) fn slopes(&self, coefficients: &[f32], gradient: &[f32]) -> Vec<f32> {
        let ends = self.low.iter().zip(&self.high);
        let levels = self.level(coefficients).into_iter().zip(gradient.iter().zip(ends));
        let slopes: Vec<f32> = levels
            .map(|(level, (slope, (low, high)))| {
                let share = sigmoid(level);
                slope * (high - low) * share * (1.0 - share)
            })
            .collect();
        let Some((pictures, cosines)) = &self.pictures else { return slopes };
        let mut planes = pictures.split(&slopes);
        pictures.mixed(&mut planes, |direction, colour| COLOURS[colour][direction]);
        planes.iter().flat_map(|plane| cosines.slopes(plane)).collect()
    }

    /// Coefficients of an input, brought within its bounds.
    pub(super) fn coefficients(&self, input: &[f32]) -> Vec<f32> {
        let level = |(value, (low, high)): (&f32, (&f32, &f32))| {
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            let share = if share.is_finite() { share.clamp(MARGIN, 1.0 - MARGIN) } else { 0.5 };
            (share / (1.0 - share)).ln()
        };
        let levels: Vec<f32> = input.iter().zip(self.low.iter().zip(&self.high)).map(level).collect();
        let Some((pictures, cosines)) = &self.pictures else { return levels };
        let mut planes = pictures.split(&levels);
        let inverse = inverse(COLOURS);
        pictures.mixed(&mut planes, |direction, colour| inverse[direction][colour]);
        planes.iter().flat_map(|plane| cosines.coefficients(plane)).collect()
    }

    /// What goes into the sigmoid of each element.
    fn level(&self, coefficients: &[f32]) -> Vec<f32> {
        let Some((pictures, cosines)) = &self.pictures else { return coefficients.to_vec() };
        let mut planes: Vec<Vec<f32>> = coefficients.chunks(cosines.len()).map(|own| cosines.plane(own)).collect();
        pictures.mixed(&mut planes, |colour, direction| COLOURS[colour][direction]);
        let mut level = vec![0.0; coefficients.len()];
        for (elements, plane) in pictures.planes.iter().zip(planes) {
            elements.iter().zip(plane).for_each(|(&element, value)| level[element] = value);
        }
        level
    }

    /// The input moved down and to the right; the edge is repeated. What is no picture stays.
    pub(super) fn shifted(&self, input: &[f32], shift: [isize; 2]) -> Vec<f32> {
        let mut moved = input.to_vec();
        self.each_moved(shift, |to, from| moved[to] = input[from]);
        moved
    }

    /// The transpose: slopes of the input from those of the moved one.
    pub(super) fn shifted_back(&self, slopes: &[f32], shift: [isize; 2]) -> Vec<f32> {
        if self.pictures.is_none() {
            return slopes.to_vec();
        }
        let mut back = vec![0.0; slopes.len()];
        self.each_moved(shift, |to, from| back[from] += slopes[to]);
        back
    }

    fn each_moved(&self, [down, right]: [isize; 2], mut see: impl FnMut(usize, usize)) {
        let Some((pictures, _)) = &self.pictures else { return };
        let near = |at: usize, by: isize, length: usize| at.saturating_add_signed(-by).min(length - 1);
        for plane in &pictures.planes {
            for y in 0..pictures.height {
                let from = near(y, down, pictures.height) * pictures.width;
                for x in 0..pictures.width {
                    see(plane[y * pictures.width + x], plane[from + near(x, right, pictures.width)]);
                }
            }
        }
    }
}

impl Pictures {
    /// Numbers of an input, plane by plane.
    fn split(&self, input: &[f32]) -> Vec<Vec<f32>> {
        self.planes.iter().map(|elements| elements.iter().map(|&element| input[element]).collect()).collect()
    }

    /// The three planes of each picture as sums of them: plane *i* takes `count(i, j)` of plane *j*.
    fn mixed(&self, planes: &mut [Vec<f32>], count: impl Fn(usize, usize) -> f32) {
        for own in &self.colours {
            let [red, green, blue] = own.map(|plane| planes[plane].clone());
            for (to, plane) in own.iter().enumerate() {
                let pixels = planes[*plane].iter_mut().zip(red.iter().zip(&green).zip(&blue));
                for (value, ((red, green), blue)) in pixels {
                    *value = count(to, 0) * red + count(to, 1) * green + count(to, 2) * blue;
                }
            }
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// By cofactors.
fn inverse(m: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    let minor = |row: usize, column: usize| {
        let (r, c) = ([(row + 1) % 3, (row + 2) % 3], [(column + 1) % 3, (column + 2) % 3]);
        m[r[0]][c[0]] * m[r[1]][c[1]] - m[r[0]][c[1]] * m[r[1]][c[0]]
    };
    let determinant: f32 = (0..3).map(|column| m[0][column] * minor(0, column)).sum();
    let mut inverse = [[0.0; 3]; 3];
    for (row, values) in inverse.iter_mut().enumerate() {
        for (column, value) in values.iter_mut().enumerate() {
            *value = minor(column, row) / determinant;
        }
    }
    inverse
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    fn numbers(count: usize, from: usize) -> Vec<f32> {
        (0..count).map(|at| ((at * 37 + from) % 23) as f32 / 23.0 - 0.5).collect()
    }

    /// Pictures of colours whose channels lie innermost, 5 × 4.
    fn coloured() -> Canvas {
        let planes = (0..3).map(|channel| (0..20).map(|pixel| pixel * 3 + channel).collect()).collect();
        let pictures = Pictures { height: 5, width: 4, planes, colours: vec![[0, 1, 2]] };
        Canvas::new(vec![-1.0; 60], vec![2.0; 60], Some(pictures)).unwrap()
    }

    fn dot(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    #[test]
    fn what_is_drawn_lies_within_the_bounds() {
        let canvas = coloured();
        let wild: Vec<f32> = numbers(60, 3).iter().map(|value| 1e4 * value).collect();
        assert!(canvas.draw(&wild).iter().all(|value| (-1.0..=2.0).contains(value)));
    }

    #[test]
    fn an_input_is_drawn_again_from_its_coefficients() {
        for canvas in [coloured(), Canvas::new(vec![-1.0; 60], vec![2.0; 60], None).unwrap()] {
            let input = numbers(60, 5);
            let again = canvas.draw(&canvas.coefficients(&input));
            assert!(input.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-3), "{again:?}");
        }
    }

    #[test]
    fn slopes_are_finite_differences() {
        for canvas in [coloured(), Canvas::new(vec![-1.0; 60], vec![2.0; 60], None).unwrap()] {
            let (at, gradient) = (numbers(60, 1), numbers(60, 11));
            let slopes = canvas.slopes(&at, &gradient);
            for element in [0, 7, 31, 59] {
                let moved = |by: f32| {
                    let mut at = at.clone();
                    at[element] += by;
                    dot(&canvas.draw(&at), &gradient)
                };
                let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                let slope = f64::from(slopes[element]);
                assert!((slope - difference).abs() < 2e-3 * difference.abs().max(0.1), "{slope}, {difference}");
            }
        }
    }

    #[test]
    fn shifting_back_is_the_transpose_of_shifting() {
        let canvas = coloured();
        let (input, slopes) = (numbers(60, 2), numbers(60, 17));
        for shift in [[0, 0], [2, -1], [-2, 2], [1, 0]] {
            let there = dot(&canvas.shifted(&input, shift), &slopes);
            assert!((there - dot(&input, &canvas.shifted_back(&slopes, shift))).abs() < 1e-5, "{shift:?}");
        }
        let down = canvas.shifted(&input, [1, 0]);
        assert_eq!((&down[12..24], &down[..12]), (&input[..12], &input[..12]), "the edge is repeated");
    }

    #[test]
    fn planes_that_leave_something_out_are_refused() {
        let pictures = |planes| Pictures { height: 1, width: 2, planes, colours: Vec::new() };
        for planes in [vec![vec![0, 1]], vec![vec![0, 1], vec![2, 2]], vec![vec![0, 1, 2, 3]]] {
            assert!(Canvas::new(vec![0.0; 4], vec![1.0; 4], Some(pictures(planes))).is_err());
        }
        assert!(Canvas::new(vec![0.0; 4], vec![1.0; 4], Some(pictures(vec![vec![2, 1], vec![0, 3]]))).is_ok());
        assert!(Canvas::new(vec![2.0], vec![1.0], None).is_err());
        assert!(Canvas::new(vec![f32::NEG_INFINITY], vec![1.0], None).is_err());
    }
}
