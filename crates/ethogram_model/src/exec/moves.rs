//! Numbers taken from one lattice of places and laid on another: transposes, parts, repetitions.

use crate::graph::Op;
use crate::tensor::strides;

/// One copy: along each axis so many numbers, so far apart in the source and in the result. Neighbouring axes that lie alike are one.
#[derive(Clone, Debug)]
pub struct Copy {
    lengths: Vec<usize>,
    from: Vec<isize>,
    to: Vec<isize>,
    from_start: usize,
    to_start: usize,
}

impl Copy {
    fn new(lengths: &[usize], from: &[isize], to: &[isize], from_start: usize, to_start: usize) -> Self {
        let mut copy = Copy { lengths: Vec::new(), from: Vec::new(), to: Vec::new(), from_start, to_start };
        if lengths.contains(&0) {
            copy.lengths.push(0);
            return copy;
        }
        for axis in (0..lengths.len()).filter(|&axis| lengths[axis] != 1) {
            let length = lengths[axis] as isize;
            match (copy.lengths.last_mut(), copy.from.last_mut(), copy.to.last_mut()) {
                (Some(lengths_before), Some(from_before), Some(to_before))
                    if *from_before == from[axis] * length && *to_before == to[axis] * length =>
                {
                    *lengths_before *= lengths[axis];
                    (*from_before, *to_before) = (from[axis], to[axis]);
                }
                _ => {
                    copy.lengths.push(lengths[axis]);
                    copy.from.push(from[axis]);
                    copy.to.push(to[axis]);
                }
            }
        }
        copy
    }

    fn run(&self, from: &[f32], to: &mut [f32]) {
        if self.lengths.contains(&0) {
            return;
        }
        let outer = self.lengths.len().saturating_sub(1);
        let (length, step_from, step_to) = match outer {
            0 if self.lengths.is_empty() => (1, 1, 1),
            last => (self.lengths[last], self.from[last], self.to[last]),
        };
        let mut at = vec![0_usize; outer];
        let (mut source, mut goal) = (self.from_start as isize, self.to_start as isize);
        loop {
            line(from, to, source, goal, (length, step_from, step_to));
            let mut axis = outer;
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                at[axis] += 1;
                source += self.from[axis];
                goal += self.to[axis];
                if at[axis] < self.lengths[axis] {
                    break;
                }
                source -= self.from[axis] * self.lengths[axis] as isize;
                goal -= self.to[axis] * self.lengths[axis] as isize;
                at[axis] = 0;
            }
        }
    }
}

/// One line of a copy.
fn line(from: &[f32], to: &mut [f32], source: isize, goal: isize, (length, step_from, step_to): (usize, isize, isize)) {
    let (first, start) = (source as usize, goal as usize);
    match (step_from, step_to) {
        (1, 1) => to[start..start + length].copy_from_slice(&from[first..first + length]),
        (0, 1) => to[start..start + length].fill(from[first]),
        (step, 1) if step > 0 => {
            to[start..start + length]
                .iter_mut()
                .zip(from[first..].iter().step_by(step as usize))
                .for_each(|(to, x)| *to = *x);
        }
        _ => {
            for index in 0..length as isize {
                to[(goal + index * step_to) as usize] = from[(source + index * step_from) as usize];
            }
        }
    }
}

/// How a result is put together from its sources.
#[derive(Clone, Debug)]
pub struct Moves {
    /// What is where nothing is laid; `None` when every place is.
    fill: Option<f32>,
    /// One a source.
    copies: Vec<Copy>,
}

impl Moves {
    /// For operations that only move numbers; `None` for all others.
    pub fn of(op: &Op, inputs: &[&[usize]], shape: &[usize]) -> Option<Self> {
        let signed = |strides: Vec<usize>| strides.into_iter().map(|stride| stride as isize).collect::<Vec<_>>();
        let own = signed(strides(shape));
        let one = |copy| Some(Moves { fill: None, copies: vec![copy] });
        match (op, inputs) {
            (Op::Transpose(axes), [x]) => {
                let steps = signed(strides(x));
                let from: Vec<isize> = axes.iter().map(|&axis| steps[axis]).collect();
                one(Copy::new(shape, &from, &own, 0, 0))
            }
            (Op::Broadcast, [x]) => {
                let missing = shape.len() - x.len();
                let steps = signed(strides(x));
                let step =
                    |axis: usize| if axis < missing || x[axis - missing] == 1 { 0 } else { steps[axis - missing] };
                let from: Vec<isize> = (0..shape.len()).map(step).collect();
                one(Copy::new(shape, &from, &own, 0, 0))
            }
            (Op::Slice { starts, steps }, [x]) => {
                let lattice = signed(strides(x));
                let from: Vec<isize> = lattice.iter().zip(steps).map(|(stride, step)| stride * step).collect();
                let start = lattice.iter().zip(starts).map(|(stride, start)| *stride as usize * start).sum();
                one(Copy::new(shape, &from, &own, start, 0))
            }
            (Op::Place { starts, steps, fill }, [x]) => {
                let to: Vec<isize> = own.iter().zip(steps).map(|(stride, step)| stride * step).collect();
                let start = own.iter().zip(starts).map(|(stride, start)| *stride as usize * start).sum();
                let copy = Copy::new(x, &signed(strides(x)), &to, 0, start);
                Some(Moves { fill: Some(*fill), copies: vec![copy] })
            }
            (Op::Concat { axis }, parts) => {
                let mut start = 0;
                let copies = parts
                    .iter()
                    .map(|part| {
                        let copy = Copy::new(part, &signed(strides(part)), &own, 0, start * own[*axis] as usize);
                        start += part[*axis];
                        copy
                    })
                    .collect();
                Some(Moves { fill: None, copies })
            }
            _ => None,
        }
    }

    /// The sources in the order of the operation.
    pub fn run<'x>(&self, sources: impl Iterator<Item = &'x [f32]>, out: &mut [f32]) {
        if let Some(fill) = self.fill {
            out.fill(fill);
        }
        for (copy, source) in self.copies.iter().zip(sources) {
            copy.run(source, out);
        }
    }

    /// One source laid in a result, nothing else.
    pub fn repeat(from: &[usize], to: &[usize]) -> Option<Self> {
        Moves::of(&Op::Broadcast, &[from], to)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference;
    use crate::tensor::Tensor;

    fn check(op: &Op, inputs: &[Tensor], shape: &[usize]) {
        let shapes: Vec<&[usize]> = inputs.iter().map(Tensor::shape).collect();
        let moves = Moves::of(op, &shapes, shape).unwrap();
        let mut found = vec![f32::NAN; shape.iter().product()];
        moves.run(inputs.iter().map(|input| input.as_f32().unwrap()), &mut found);
        let borrowed: Vec<&Tensor> = inputs.iter().collect();
        let expected = reference::evaluate(op, &borrowed, shape).unwrap();
        assert_eq!(found, expected.as_f32().unwrap(), "{op:?} of {shapes:?} to {shape:?}");
    }

    fn count(shape: &[usize]) -> Tensor {
        Tensor::f32(shape, (0..shape.iter().product::<usize>()).map(|at| at as f32).collect()).unwrap()
    }

    proptest! {
        #[test]
        fn moves_equal_plain_operations(
            shape in proptest::collection::vec(1_usize..5, 1..5), turn in 0_usize..24, starts in proptest::collection::vec(0_usize..3, 4),
            steps in proptest::collection::vec(prop_oneof![Just(-2_isize), Just(-1), Just(1), Just(2)], 4), axis in 0_usize..4,
        ) {
            let rank = shape.len();
            let mut axes: Vec<usize> = (0..rank).collect();
            let mut turn = turn;
            for left in (1..=rank).rev() {
                axes.swap(left - 1, turn % left);
                turn /= left;
            }
            let turned: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
            check(&Op::Transpose(axes), &[count(&shape)], &turned);

            let narrow: Vec<usize> = shape.iter().zip(&starts).map(|(length, start)| if start % 2 == 0 { 1 } else { *length }).collect();
            check(&Op::Broadcast, &[count(&narrow)], &shape);
            check(&Op::Broadcast, &[count(&shape)], &[&[2], shape.as_slice()].concat());

            // A lattice of two places an axis, the other way round where the step is negative.
            let lengths: Vec<usize> = shape.iter().map(|length| (length + 1).min(2)).collect();
            let whole: Vec<usize> = (0..rank).map(|axis| starts[axis] + 2 * steps[axis].unsigned_abs() + 1).collect();
            let first: Vec<usize> = (0..rank).map(|axis| if steps[axis] < 0 { whole[axis] - 1 - starts[axis] } else { starts[axis] }).collect();
            let steps = steps[..rank].to_vec();
            check(&Op::Slice { starts: first.clone(), steps: steps.clone() }, &[count(&whole)], &lengths);
            check(&Op::Place { starts: first, steps, fill: -7.0 }, &[count(&lengths)], &whole);

            let axis = axis % rank;
            let mut other = shape.clone();
            other[axis] = 3;
            let mut joined = shape.clone();
            joined[axis] += 3;
            check(&Op::Concat { axis }, &[count(&shape), count(&other)], &joined);
        }
    }
}
