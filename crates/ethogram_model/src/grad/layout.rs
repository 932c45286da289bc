//! Rules of operations that only move numbers.

use super::Rules;
use crate::error::Result;
use crate::graph::ValueId;

impl Rules {
    pub(super) fn reshape(&mut self, x: ValueId, grad: ValueId) -> Result<()> {
        let shape = self.b.shape(x).to_vec();
        let back = self.b.reshape(grad, &shape)?;
        self.give(x, back)
    }

    pub(super) fn transpose(&mut self, axes: &[usize], x: ValueId, grad: ValueId) -> Result<()> {
        let mut inverse = vec![0; axes.len()];
        for (to, &from) in axes.iter().enumerate() {
            inverse[from] = to;
        }
        let back = self.b.transpose(grad, &inverse)?;
        self.give(x, back)
    }

    pub(super) fn slice(&mut self, starts: &[usize], steps: &[isize], x: ValueId, grad: ValueId) -> Result<()> {
        let shape = self.b.shape(x).to_vec();
        let back = self.b.place(grad, starts, steps, &shape, 0.0)?;
        self.give(x, back)
    }

    pub(super) fn place(&mut self, starts: &[usize], steps: &[isize], x: ValueId, grad: ValueId) -> Result<()> {
        let shape = self.b.shape(x).to_vec();
        let back = self.b.slice(grad, starts, steps, &shape)?;
        self.give(x, back)
    }

    pub(super) fn concat(&mut self, axis: usize, parts: &[ValueId], grad: ValueId) -> Result<()> {
        let mut start = 0;
        for &part in parts {
            let length = self.b.shape(part)[axis];
            if self.wants(part) {
                let back = self.b.slice_axis(grad, axis, start, length)?;
                self.give(part, back)?;
            }
            start += length;
        }
        Ok(())
    }

    pub(super) fn gather(&mut self, axis: usize, x: ValueId, indices: ValueId, grad: ValueId) -> Result<()> {
        let length = self.b.shape(x)[axis];
        let back = self.b.scatter_add(grad, indices, axis, length)?;
        self.give(x, back)
    }
}
