//! Rules of layers with weights and of pools.

use super::Rules;
use crate::error::Result;
use crate::graph::{Op, ValueId, Window};

impl Rules {
    pub(super) fn matmul(&mut self, x: ValueId, y: ValueId, transposed: bool, grad: ValueId) -> Result<()> {
        if self.wants(x) {
            // g Yᵀ, or g Y when Y came transposed.
            let back = self.b.matmul(grad, y, !transposed)?;
            self.give(x, back)?;
        }
        if self.wants(y) {
            // Xᵀ g, or its transpose gᵀ X.
            let (first, second) = if transposed { (grad, x) } else { (x, grad) };
            let turned = self.turned(first)?;
            let back = self.b.matmul(turned, second, false)?;
            self.give(y, back)?;
        }
        Ok(())
    }

    /// The last two axes swapped.
    fn turned(&mut self, x: ValueId) -> Result<ValueId> {
        let rank = self.b.shape(x).len();
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 1, rank - 2);
        self.b.transpose(x, &axes)
    }

    pub(super) fn conv(&mut self, x: ValueId, weight: ValueId, window: &Window, grad: ValueId) -> Result<()> {
        let to = [self.b.shape(x)[2], self.b.shape(x)[3]];
        let back = self.b.conv_transpose(grad, weight, window.clone(), to)?;
        self.give(x, back)
    }

    pub(super) fn conv_transpose(&mut self, y: ValueId, weight: ValueId, window: &Window, grad: ValueId) -> Result<()> {
        let (small, large) = (self.b.shape(y).to_vec(), self.b.shape(grad).to_vec());
        // As much padding at the end as makes the windows as many as they were.
        let after = [0, 1].map(|axis| {
            let reach = (small[2 + axis] - 1) * window.stride[axis] + window.extent(axis);
            reach.saturating_sub(large[2 + axis] + window.padding[axis])
        });
        let back = self.b.conv(grad, weight, window.clone(), after)?;
        // Output padding leaves room for windows that were never there.
        let mut lengths = self.b.shape(back).to_vec();
        lengths[2..].copy_from_slice(&small[2..]);
        let rank = lengths.len();
        let back = self.b.slice(back, &vec![0; rank], &vec![1; rank], &lengths)?;
        self.give(y, back)
    }

    pub(super) fn max_pool(&mut self, x: ValueId, window: &Window, grad: ValueId) -> Result<()> {
        let shape = self.b.shape(x).to_vec();
        let back = self.b.pool_grad(Op::MaxPoolGrad(window.clone()), vec![x, grad], shape)?;
        self.give(x, back)
    }

    pub(super) fn average_pool(
        &mut self,
        x: ValueId,
        window: &Window,
        padding_counts: bool,
        grad: ValueId,
    ) -> Result<()> {
        let shape = self.b.shape(x).to_vec();
        let op = Op::AveragePoolGrad { window: window.clone(), padding_counts };
        let back = self.b.pool_grad(op, vec![grad], shape)?;
        self.give(x, back)
    }
}
