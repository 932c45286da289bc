//! Sums over all pairs of a layout under the kernel of t-SNE.

use rustfft::{FftPlanner, num_complex::Complex};

use crate::parallel::{fill_both, fill_rows};

/// Layouts of up to so many points are summed pair by pair.
const EXACT_MAX: usize = 1_500;
/// Nodes of a box along each direction; as in the paper.
const NODES: usize = 3;
/// Fewest boxes along each direction, and most: beyond, boxes are larger than a unit and the sums coarser.
const BOXES_MIN: usize = 50;
const BOXES_MAX: usize = 300;
/// A cell of a tree is taken as one point when it is seen under a smaller angle than this.
const ANGLE: f32 = 0.5;

/// For each point the sum of `(y − z) / (1 + d²)²` over all others `z`, and the sum of `1 / (1 + d²)` over all pairs, both ways.
/// **Shape** `positions`, forces: `[rows, dims]`.
///
/// **Source** Two dimensions: Linderman et al. (2019), "Fast interpolation-based t-SNE". Three: Barnes and Hut (1986), van der Maaten (2014).
pub fn repulsion(positions: &[f32], dims: usize, forces: &mut [f32]) -> f64 {
    let rows = positions.len() / dims;
    if rows <= EXACT_MAX {
        exact(positions, dims, forces)
    } else if dims == 2 {
        interpolated(positions, forces)
    } else {
        tree(positions, dims, forces)
    }
}

fn exact(positions: &[f32], dims: usize, forces: &mut [f32]) -> f64 {
    let mut sums = vec![0.0_f64; positions.len() / dims];
    fill_both((forces, dims), (&mut sums, 1), |first, forces, sums| {
        for (offset, (force, sum)) in forces.chunks_mut(dims).zip(sums).enumerate() {
            let row = first + offset;
            let at = &positions[row * dims..][..dims];
            force.fill(0.0);
            for (other, place) in positions.chunks(dims).enumerate() {
                if other != row {
                    *sum += f64::from(add(force, at, place, 1.0));
                }
            }
        }
    });
    sums.iter().sum()
}

/// Adds what `count` points at `place` do to the force at `at`; returns what they add to the sum of kernels.
fn add(force: &mut [f32], at: &[f32], place: &[f32], count: f32) -> f32 {
    let squared: f32 = at.iter().zip(place).map(|(a, b)| (a - b) * (a - b)).sum();
    let kernel = 1.0 / (1.0 + squared);
    for (force, (a, b)) in force.iter_mut().zip(at.iter().zip(place)) {
        *force += count * kernel * kernel * (a - b);
    }
    count * kernel
}

/// Charges are spread over nodes of a grid, carried from node to node by one convolution, and read back.
fn interpolated(positions: &[f32], forces: &mut [f32]) -> f64 {
    let grid = Grid::over(positions);
    let side = grid.boxes * NODES;
    // Twice as many, so that the convolution does not come round; a size that is quick to transform.
    let padded = quick_size(2 * side);
    let mut planner = FftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(padded), planner.plan_fft_inverse(padded));
    let transform = |values: &mut Vec<Complex<f32>>, fft: &std::sync::Arc<dyn rustfft::Fft<f32>>| {
        fill_rows(values, padded, |_, rows| fft.process(rows));
        let mut turned = transposed(values, padded);
        fill_rows(&mut turned, padded, |_, rows| fft.process(rows));
        *values = turned;
    };

    let mut kernel = vec![Complex::new(0.0, 0.0); padded * padded];
    let apart = |index: usize| {
        let steps = index.min(padded - index);
        (steps < side).then_some(steps as f32 * grid.spacing)
    };
    for y in 0..padded {
        for x in 0..padded {
            if let (Some(dy), Some(dx)) = (apart(y), apart(x)) {
                let near = 1.0 / (1.0 + dx * dx + dy * dy);
                kernel[y * padded + x].re = near * near;
            }
        }
    }
    transform(&mut kernel, &forward);

    // Two charges in one transform: their number and |y|², then the two coordinates.
    let mut first = vec![Complex::new(0.0, 0.0); padded * padded];
    let mut second = first.clone();
    for at in positions.chunks(2) {
        let (x, y) = (at[0] - grid.center[0], at[1] - grid.center[1]);
        grid.each_node(at, padded, |node, share| {
            first[node] += Complex::new(share, share * (x * x + y * y));
            second[node] += Complex::new(share * x, share * y);
        });
    }
    let scale = 1.0 / (padded * padded) as f32;
    for charges in [&mut first, &mut second] {
        transform(charges, &forward);
        charges.iter_mut().zip(&kernel).for_each(|(charge, kernel)| *charge *= kernel.re * scale);
        transform(charges, &inverse);
    }

    let mut sums = vec![0.0_f64; positions.len() / 2];
    fill_both((forces, 2), (&mut sums, 1), |start, forces, sums| {
        for (offset, (force, sum)) in forces.chunks_mut(2).zip(sums).enumerate() {
            let at = &positions[(start + offset) * 2..][..2];
            let (x, y) = (at[0] - grid.center[0], at[1] - grid.center[1]);
            let (mut count, mut coordinates) = (Complex::new(0.0, 0.0), Complex::new(0.0, 0.0));
            grid.each_node(at, padded, |node, share| {
                count += first[node] * share;
                coordinates += second[node] * share;
            });
            force[0] = x * count.re - coordinates.re;
            force[1] = y * count.re - coordinates.im;
            // 1 / (1 + d²) is (1 + d²) times the kernel that was carried; a point is not its own neighbour.
            let all = (1.0 + x * x + y * y) * count.re - 2.0 * (x * coordinates.re + y * coordinates.im) + count.im;
            *sum = f64::from(all) - 1.0;
        }
    });
    sums.iter().sum()
}

/// Boxes over a layout, each with nodes at which charges lie.
struct Grid {
    low: [f32; 2],
    center: [f32; 2],
    boxes: usize,
    /// Side of a box.
    side: f32,
    /// Between two nodes.
    spacing: f32,
}

impl Grid {
    fn over(positions: &[f32]) -> Self {
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for at in positions.chunks(2) {
            for d in 0..2 {
                low[d] = low[d].min(at[d]);
                high[d] = high[d].max(at[d]);
            }
        }
        let span = (high[0] - low[0]).max(high[1] - low[1]).max(1e-6) * 1.000_1;
        let boxes = (span.ceil() as usize).clamp(BOXES_MIN, BOXES_MAX);
        let side = span / boxes as f32;
        let center = [f32::midpoint(low[0], high[0]), f32::midpoint(low[1], high[1])];
        Grid { low, center, boxes, side, spacing: side / NODES as f32 }
    }

    /// Nodes around a point, with the share of each by Lagrange's polynomials.
    fn each_node(&self, at: &[f32], padded: usize, mut visit: impl FnMut(usize, f32)) {
        let mut first = [0; 2];
        let mut shares = [[0.0; NODES]; 2];
        for d in 0..2 {
            let place = (at[d] - self.low[d]) / self.side;
            let index = (place as usize).min(self.boxes - 1);
            first[d] = index * NODES;
            // Nodes lie at the middles of the thirds of the box.
            let inside = (place - index as f32) * NODES as f32 - 0.5;
            shares[d] = lagrange(inside);
        }
        for (row, along_y) in shares[1].iter().enumerate() {
            for (column, along_x) in shares[0].iter().enumerate() {
                visit((first[1] + row) * padded + first[0] + column, along_x * along_y);
            }
        }
    }
}

/// Shares of the nodes 0, 1 and 2 at a place between them.
fn lagrange(at: f32) -> [f32; NODES] {
    [(at - 1.0) * (at - 2.0) / 2.0, -at * (at - 2.0), at * (at - 1.0) / 2.0]
}

/// The next number that has no other factors than 2, 3 and 5.
fn quick_size(least: usize) -> usize {
    let is_quick = |mut size: usize| {
        for factor in [2, 3, 5] {
            while size.is_multiple_of(factor) {
                size /= factor;
            }
        }
        size == 1
    };
    // A power of two is never farther than twice as much.
    (least..=2 * least).find(|&size| is_quick(size)).unwrap_or(least)
}

fn transposed(values: &[Complex<f32>], side: usize) -> Vec<Complex<f32>> {
    const TILE: usize = 32;
    let mut turned = vec![Complex::new(0.0, 0.0); values.len()];
    fill_rows(&mut turned, side, |first, stretch| {
        let rows = stretch.len() / side;
        for top in (0..rows).step_by(TILE) {
            for left in (0..side).step_by(TILE) {
                for row in top..(top + TILE).min(rows) {
                    for column in left..(left + TILE).min(side) {
                        stretch[row * side + column] = values[column * side + first + row];
                    }
                }
            }
        }
    });
    turned
}

/// Cells within cells, each with its number of points and their middle.
struct Tree {
    cells: Vec<Cell>,
}

struct Cell {
    center: [f32; 3],
    half: f32,
    middle: [f32; 3],
    count: f32,
    /// The first of its parts; 0 for none.
    parts: usize,
    /// The one point in it.
    point: Option<[f32; 3]>,
    depth: u8,
}

/// Cells no deeper than this hold several points that are the same.
const DEPTH_MAX: u8 = 48;

impl Tree {
    fn over(positions: &[f32], dims: usize) -> Self {
        let (mut low, mut high) = ([0.0_f32; 3], [0.0_f32; 3]);
        for at in positions.chunks(dims) {
            for d in 0..dims {
                low[d] = low[d].min(at[d]);
                high[d] = high[d].max(at[d]);
            }
        }
        let half = (0..3).map(|d| high[d] - low[d]).fold(1e-6, f32::max) / 2.0 * 1.000_1;
        let center = std::array::from_fn(|d| f32::midpoint(low[d], high[d]));
        let mut tree = Tree { cells: vec![Cell::new(center, half, 0)] };
        for at in positions.chunks(dims) {
            tree.insert(std::array::from_fn(|d| at.get(d).copied().unwrap_or(0.0)));
        }
        for cell in &mut tree.cells {
            let count = cell.count.max(1.0);
            cell.middle.iter_mut().for_each(|sum| *sum /= count);
        }
        tree
    }

    fn insert(&mut self, at: [f32; 3]) {
        let mut index = 0;
        loop {
            let cell = &mut self.cells[index];
            cell.count += 1.0;
            (0..3).for_each(|d| cell.middle[d] += at[d]);
            if cell.parts == 0 {
                if cell.count <= 1.0 {
                    cell.point = Some(at);
                    return;
                }
                if cell.depth >= DEPTH_MAX || cell.point.is_none() {
                    cell.point = None;
                    return;
                }
                self.divide(index);
            }
            index = self.part_of(index, at);
        }
    }

    /// Gives a cell its parts, and its point to one of them.
    fn divide(&mut self, index: usize) {
        let first = self.cells.len();
        let Cell { center, half, depth, .. } = self.cells[index];
        for part in 0..8_u8 {
            let toward = std::array::from_fn(|d| center[d] + if part >> d & 1 == 1 { half / 2.0 } else { -half / 2.0 });
            self.cells.push(Cell::new(toward, half / 2.0, depth + 1));
        }
        self.cells[index].parts = first;
        if let Some(point) = self.cells[index].point.take() {
            let part = self.part_of(index, point);
            let cell = &mut self.cells[part];
            cell.count = 1.0;
            cell.middle = point;
            cell.point = Some(point);
        }
    }

    fn part_of(&self, index: usize, at: [f32; 3]) -> usize {
        let cell = &self.cells[index];
        cell.parts + (0..3).map(|d| usize::from(at[d] > cell.center[d]) << d).sum::<usize>()
    }

    /// Adds the force at a point; returns what it adds to the sum of kernels, the point's own 1 included.
    fn force(&self, at: &[f32], force: &mut [f32], open: &mut Vec<usize>) -> f32 {
        let dims = at.len();
        let mut sum = 0.0;
        open.clear();
        open.push(0);
        while let Some(index) = open.pop() {
            let cell = &self.cells[index];
            if cell.count == 0.0 {
                continue;
            }
            let squared: f32 = at.iter().zip(&cell.middle).map(|(a, b)| (a - b) * (a - b)).sum();
            if cell.parts == 0 || (2.0 * cell.half).powi(2) < ANGLE * ANGLE * squared {
                sum += add(force, at, &cell.middle[..dims], cell.count);
            } else {
                open.extend(cell.parts..cell.parts + 8);
            }
        }
        sum
    }
}

impl Cell {
    fn new(center: [f32; 3], half: f32, depth: u8) -> Self {
        Cell { center, half, middle: [0.0; 3], count: 0.0, parts: 0, point: None, depth }
    }
}

fn tree(positions: &[f32], dims: usize, forces: &mut [f32]) -> f64 {
    let tree = Tree::over(positions, dims);
    let mut sums = vec![0.0_f64; positions.len() / dims];
    fill_both((forces, dims), (&mut sums, 1), |first, forces, sums| {
        let mut open = Vec::new();
        for (offset, (force, sum)) in forces.chunks_mut(dims).zip(sums).enumerate() {
            force.fill(0.0);
            let at = &positions[(first + offset) * dims..][..dims];
            *sum = f64::from(tree.force(at, force, &mut open)) - 1.0;
        }
    });
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn layout(rows: usize, dims: usize, spread: f32) -> Vec<f32> {
        let mut random = Random::new(3);
        (0..rows * dims).map(|_| spread * random.normal()).collect()
    }

    fn check(positions: &[f32], dims: usize, quick: impl Fn(&[f32], &mut [f32]) -> f64, tolerance: f64) {
        let (mut expected, mut found) = (vec![0.0; positions.len()], vec![0.0; positions.len()]);
        let (expected_sum, found_sum) = (exact(positions, dims, &mut expected), quick(positions, &mut found));
        assert!((found_sum / expected_sum - 1.0).abs() < tolerance, "{found_sum} {expected_sum}");
        let length: f64 = expected.iter().map(|force| f64::from(*force).powi(2)).sum::<f64>().sqrt();
        let error: f64 = expected.iter().zip(&found).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        assert!(error <= tolerance * length.max(1e-6), "{error} of {length}");
    }

    #[test]
    fn interpolation_finds_the_sums_over_pairs() {
        // Wide layouts have boxes as wide as the kernel, and are the coarsest.
        for (spread, tolerance) in [(1e-4, 0.002), (1.0, 0.002), (30.0, 0.06)] {
            check(&layout(2_000, 2, spread), 2, interpolated, tolerance);
        }
    }

    #[test]
    fn trees_find_the_sums_over_pairs() {
        check(&layout(2_000, 3, 5.0), 3, |positions, forces| tree(positions, 3, forces), 0.03);
        check(&layout(2_000, 2, 5.0), 2, |positions, forces| tree(positions, 2, forces), 0.03);
        let same = [1.0; 300];
        check(&same, 3, |positions, forces| tree(positions, 3, forces), f64::INFINITY);
    }

    #[test]
    fn sizes_are_quick_to_transform() {
        assert_eq!([1, 7, 300, 301, 601].map(quick_size), [1, 8, 300, 320, 625]);
    }
}
