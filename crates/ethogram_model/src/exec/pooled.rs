//! Windows without weights, of several pictures.

use std::sync::{Mutex, PoisonError};

use super::compile::Pool;
use crate::kernel::{Crew, Frame, Isa, average_pool, average_pool_grad, max_pool, max_pool_grad};

/// A pool of every picture.
pub fn pooled(pool: Pool, frame: &Frame, arguments: &[&[f32]], out: &mut [f32], crew: &Crew<'_>) {
    let large = frame.input[0] * frame.input[1] * frame.channels;
    let small = frame.output[0] * frame.output[1] * frame.channels;
    let (isa, whole) = (Isa::best(), frame.whole());
    let to = if matches!(pool, Pool::Max | Pool::Average { .. }) { small } else { large };
    for (index, out) in out.chunks_exact_mut(to.max(1)).enumerate() {
        let part = |argument: usize, length: usize| &arguments[argument][index * length..][..length];
        match pool {
            Pool::Max => {
                // Each thread takes some lines of the result.
                let (x, line) = (part(0, large), frame.output[1] * frame.channels);
                let each = frame.output[0].div_ceil(crew.threads());
                let parts: Vec<Mutex<&mut [f32]>> = out.chunks_mut((each * line).max(1)).map(Mutex::new).collect();
                crew.run(parts.len(), &|part| {
                    let mut out = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
                    let lines = part * each..((part + 1) * each).min(frame.output[0]);
                    max_pool(isa, frame, x, &[lines, whole[1].clone()], &mut out);
                });
            }
            Pool::MaxGrad => max_pool_grad(isa, frame, part(0, large), part(1, small), out),
            Pool::Average { padding_counts } => average_pool(frame, padding_counts, part(0, large), &whole, out),
            Pool::AverageGrad { padding_counts } => average_pool_grad(frame, padding_counts, part(0, small), out),
        }
    }
}
