//! The cosine transform of a plane, and back: a picture as so much of each frequency.

/// Cosines for planes of one size.
///
/// **Source**: Ahmed, Natarajan and Rao (1974); DCT-II with orthonormal rows, so that the way back is the transpose.
#[derive(Clone, Debug)]
pub struct Cosines {
    height: usize,
    width: usize,
    /// Row *k* is the cosine of frequency *k* over a column of the plane. **Shape**: `[height, height]`.
    down: Vec<f32>,
    /// The same over a row. **Shape**: `[width, width]`.
    across: Vec<f32>,
    /// What a coefficient counts: 1 / frequency, the spectrum of natural pictures, of mean square 1. **Shape**: `[height, width]`.
    counts: Vec<f32>,
}

impl Cosines {
    /// For planes of so many rows and columns, each at least 1.
    pub fn new(height: usize, width: usize) -> Self {
        // Cycles a pixel; the slowest stands for the constant too.
        let slowest = 0.5 / height.max(width) as f64;
        let frequency = |y: usize, x: usize| {
            let (y, x) = (0.5 * y as f64 / height as f64, 0.5 * x as f64 / width as f64);
            y.hypot(x).max(slowest)
        };
        let raw: Vec<f64> =
            (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).map(|(y, x)| 1.0 / frequency(y, x)).collect();
        let size = (raw.iter().map(|count| count * count).sum::<f64>() / raw.len().max(1) as f64).sqrt();
        let counts = raw.into_iter().map(|count| (count / size) as f32).collect();
        Cosines { height, width, down: matrix(height), across: matrix(width), counts }
    }

    /// Numbers of a plane.
    pub fn len(&self) -> usize {
        self.height * self.width
    }

    /// The plane that coefficients stand for.
    pub fn plane(&self, coefficients: &[f32]) -> Vec<f32> {
        let counted: Vec<f32> = coefficients.iter().zip(&self.counts).map(|(c, count)| c * count).collect();
        // downᵀ · C · across.
        let half = times(&transposed(&self.down, self.height), &counted, self.height, self.height, self.width);
        times(&half, &self.across, self.height, self.width, self.width)
    }

    /// The transpose of [`Cosines::plane`]: slopes of the coefficients from those of the plane.
    pub fn slopes(&self, plane: &[f32]) -> Vec<f32> {
        let mut found = self.transform(plane);
        found.iter_mut().zip(&self.counts).for_each(|(c, count)| *c *= count);
        found
    }

    /// The inverse of [`Cosines::plane`].
    pub fn coefficients(&self, plane: &[f32]) -> Vec<f32> {
        let mut found = self.transform(plane);
        found.iter_mut().zip(&self.counts).for_each(|(c, count)| *c /= count);
        found
    }

    /// down · P · acrossᵀ.
    fn transform(&self, plane: &[f32]) -> Vec<f32> {
        let half = times(&self.down, plane, self.height, self.height, self.width);
        times(&half, &transposed(&self.across, self.width), self.height, self.width, self.width)
    }
}

fn matrix(length: usize) -> Vec<f32> {
    let cosine = |k: usize, at: usize| {
        let norm = if k == 0 { 1.0 } else { 2.0_f64 };
        let angle = std::f64::consts::PI * (at as f64 + 0.5) * k as f64 / length as f64;
        ((norm / length as f64).sqrt() * angle.cos()) as f32
    };
    (0..length).flat_map(|k| (0..length).map(move |at| (k, at))).map(|(k, at)| cosine(k, at)).collect()
}

fn transposed(matrix: &[f32], side: usize) -> Vec<f32> {
    (0..side).flat_map(|row| (0..side).map(move |column| matrix[column * side + row])).collect()
}

/// `[m, k] · [k, n]`.
fn times(a: &[f32], b: &[f32], m: usize, k: usize, n: usize) -> Vec<f32> {
    let mut product = vec![0.0; m * n];
    for (row, to) in a.chunks(k).zip(product.chunks_mut(n)) {
        for (factor, from) in row.iter().zip(b.chunks(n)) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|at| ((at * 37) % 19) as f32 / 19.0 - 0.5).collect()
    }

    #[test]
    fn there_and_back_is_the_same_plane() {
        for (height, width) in [(5, 7), (8, 8), (1, 3)] {
            let cosines = Cosines::new(height, width);
            let plane = numbers(height * width);
            let again = cosines.plane(&cosines.coefficients(&plane));
            assert!(plane.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-5), "{height} × {width}: {again:?}");
        }
    }

    #[test]
    fn slopes_are_the_transpose() {
        let cosines = Cosines::new(4, 6);
        let (c, p) = (numbers(24), numbers(31)[7..].to_vec());
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        assert!((dot(&cosines.plane(&c), &p) - dot(&c, &cosines.slopes(&p))).abs() < 1e-5);
    }

    #[test]
    fn noise_becomes_a_plane_of_the_same_size_whose_slow_frequencies_are_strong() {
        let cosines = Cosines::new(16, 16);
        let mean = cosines.counts.iter().map(|count| count * count).sum::<f32>() / 256.0;
        assert!((mean - 1.0).abs() < 1e-5);
        assert!(cosines.counts[0] >= cosines.counts[1] && cosines.counts[1] > 5.0 * cosines.counts[15]);
    }
}
