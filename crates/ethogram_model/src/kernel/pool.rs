//! Windows without weights, on pictures with the channels last: all channels of a place side by side.

#![allow(clippy::inline_always, reason = "the loops take the instruction set of the function they are inlined into")]

use std::ops::Range;

use super::Isa;
use crate::graph::Window;

/// Channels that are compared at a time.
const GROUP: usize = 8;

/// What is pooled to what.
#[derive(Clone, Debug)]
pub struct Frame {
    pub window: Window,
    /// Height and width of what is pooled.
    pub input: [usize; 2],
    /// Height and width of the result.
    pub output: [usize; 2],
    pub channels: usize,
}

impl Frame {
    /// Elements of the window that lie in the input, along one axis, for result `at`: the first, and how many.
    fn inside(&self, axis: usize, at: usize) -> (usize, usize) {
        let Window { kernel, stride, dilation, padding, .. } = &self.window;
        let (first, dilation, padding, length) = (at * stride[axis], dilation[axis], padding[axis], self.input[axis]);
        // A division for each window would cost as much as its elements.
        let steps = |length: usize| if dilation == 1 { length } else { length.div_ceil(dilation) };
        let before = steps(padding.saturating_sub(first));
        let start = first + before * dilation - padding;
        (start, kernel[axis].saturating_sub(before).min(steps(length.saturating_sub(start))))
    }

    /// Where the channels of each element of a window begin, in scan order.
    fn places(&self, y: usize, x: usize, into: &mut Vec<usize>) {
        into.clear();
        let ([top, rows], [left, columns]) =
            (<[usize; 2]>::from(self.inside(0, y)), <[usize; 2]>::from(self.inside(1, x)));
        let [down, across] = self.window.dilation;
        for row in 0..rows {
            let start = (top + row * down) * self.input[1] + left;
            (0..columns).for_each(|column| into.push((start + column * across) * self.channels));
        }
    }

    fn check(&self, large: usize, small: usize, [rows, columns]: &[Range<usize>; 2]) {
        assert_eq!(large, self.input[0] * self.input[1] * self.channels, "the pooled picture");
        assert_eq!(small, rows.len() * columns.len() * self.channels, "the part of the result");
    }

    /// Rows and columns of the whole result.
    pub fn whole(&self) -> [Range<usize>; 2] {
        [0..self.output[0], 0..self.output[1]]
    }
}

macro_rules! by_isa {
    ($(#[$doc:meta])* $name:ident, $wide:ident, $narrow:ident, $loops:ident, ($($argument:ident: $kind:ty),*)) => {
        $(#[$doc])*
        pub fn $name(isa: Isa, $($argument: $kind),*) {
            match isa {
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the processor was asked")]
                Isa::Avx512 => unsafe { $wide($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the processor was asked")]
                Isa::Avx2 => unsafe { $narrow($($argument),*) },
                Isa::Portable => $loops($($argument),*),
            }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn $wide($($argument: $kind),*) {
            $loops($($argument),*);
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn $narrow($($argument: $kind),*) {
            $loops($($argument),*);
        }
    };
}

by_isa!(
    /// Largest of each window, for some rows and columns of the result; a NaN counts as the largest.
    max_pool, max_pool_512, max_pool_256, max_pool_loops, (frame: &Frame, x: &[f32], part: &[Range<usize>; 2], out: &mut [f32])
);
by_isa!(
    /// Gradient of [`max_pool`]: all to the first maximum in scan order.
    max_pool_grad, max_pool_grad_512, max_pool_grad_256, max_pool_grad_loops, (frame: &Frame, x: &[f32], grad: &[f32], out: &mut [f32])
);

/// Whether a number takes the place of the largest so far.
#[inline(always)]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "the comparison's answer for a NaN is what is wanted")]
fn larger(value: f32, best: f32) -> bool {
    // True for a NaN too, which the first comparison alone would not be.
    !(value <= best) & !best.is_nan()
}

#[inline(always)]
fn max_pool_loops(frame: &Frame, x: &[f32], part: &[Range<usize>; 2], out: &mut [f32]) {
    frame.check(x.len(), out.len(), part);
    let [rows, columns] = part.clone();
    let mut places = Vec::new();
    let mut results = out.chunks_exact_mut(frame.channels.max(1));
    for (y, column) in rows.flat_map(|y| columns.clone().map(move |x| (y, x))) {
        let Some(to) = results.next() else { return };
        frame.places(y, column, &mut places);
        // Eight channels of all elements at a time, as in the gradient.
        let (groups, rest) = to.as_chunks_mut::<GROUP>();
        for (group, to) in groups.iter_mut().enumerate() {
            let mut best = [f32::NEG_INFINITY; GROUP];
            for &place in &places {
                let start = place + group * GROUP;
                let from = &x[start..start + GROUP];
                for lane in 0..GROUP {
                    best[lane] = if larger(from[lane], best[lane]) { from[lane] } else { best[lane] };
                }
            }
            *to = best;
        }
        let done = groups.len() * GROUP;
        for (channel, to) in rest.iter_mut().enumerate() {
            let values = places.iter().map(|place| x[place + done + channel]);
            *to = values.fold(f32::NEG_INFINITY, |best, value| if larger(value, best) { value } else { best });
        }
    }
}

#[inline(always)]
fn max_pool_grad_loops(frame: &Frame, x: &[f32], grad: &[f32], out: &mut [f32]) {
    frame.check(x.len(), grad.len(), &frame.whole());
    frame.check(out.len(), grad.len(), &frame.whole());
    out.fill(0.0);
    let mut places = Vec::new();
    let mut grads = grad.chunks_exact(frame.channels.max(1));
    for (y, column) in (0..frame.output[0]).flat_map(|y| (0..frame.output[1]).map(move |x| (y, x))) {
        let Some(grad) = grads.next() else { return };
        frame.places(y, column, &mut places);
        if places.is_empty() {
            continue;
        }
        // Eight channels of all elements at a time, for the largest so far and its number to stay in registers.
        let (groups, rest) = grad.as_chunks::<GROUP>();
        for (group, grad) in groups.iter().enumerate() {
            give_back::<GROUP>(&places, group * GROUP, x, grad, out);
        }
        for (channel, grad) in rest.iter().enumerate() {
            give_back::<1>(&places, groups.len() * GROUP + channel, x, &[*grad], out);
        }
    }
}

/// What came back for one window, to the first maximum of each of some channels.
#[inline(always)]
fn give_back<const N: usize>(places: &[usize], channel: usize, x: &[f32], grad: &[f32; N], out: &mut [f32]) {
    let (mut best, mut which) = ([f32::NEG_INFINITY; N], [0_u32; N]);
    // All bits or none stand for yes and no: other forms of a choice are not made vectors of.
    for (index, &place) in places.iter().enumerate() {
        let Some(from) = x[place + channel..].first_chunk::<N>() else { return };
        let takes: [u32; N] = std::array::from_fn(|lane| u32::from(larger(from[lane], best[lane])).wrapping_neg());
        let pick = |mask: u32, new: u32, old: u32| (new & mask) | (old & !mask);
        best =
            std::array::from_fn(|lane| f32::from_bits(pick(takes[lane], from[lane].to_bits(), best[lane].to_bits())));
        which = std::array::from_fn(|lane| pick(takes[lane], index as u32, which[lane]));
    }
    for (index, &place) in places.iter().enumerate() {
        let Some(to) = out[place + channel..].first_chunk_mut::<N>() else { return };
        *to = std::array::from_fn(|lane| {
            let mask = u32::from(which[lane] == index as u32).wrapping_neg();
            to[lane] + f32::from_bits(grad[lane].to_bits() & mask)
        });
    }
}

/// By how many elements a window's sum is divided.
fn divisor(frame: &Frame, inside: usize, padding_counts: bool) -> f32 {
    let all = frame.window.kernel[0] * frame.window.kernel[1];
    (if padding_counts { all } else { inside }).max(1) as f32
}

/// Mean of each window, for some rows and columns of the result.
pub fn average_pool(frame: &Frame, padding_counts: bool, x: &[f32], part: &[Range<usize>; 2], out: &mut [f32]) {
    frame.check(x.len(), out.len(), part);
    let [rows, columns] = part;
    let mut places = Vec::new();
    for (index, to) in out.chunks_exact_mut(frame.channels.max(1)).enumerate() {
        frame.places(rows.start + index / columns.len(), columns.start + index % columns.len(), &mut places);
        to.fill(0.0);
        for &place in &places {
            to.iter_mut().zip(&x[place..]).for_each(|(sum, value)| *sum += value);
        }
        let divisor = divisor(frame, places.len(), padding_counts);
        to.iter_mut().for_each(|sum| *sum /= divisor);
    }
}

/// Gradient of [`average_pool`].
pub fn average_pool_grad(frame: &Frame, padding_counts: bool, grad: &[f32], out: &mut [f32]) {
    frame.check(out.len(), grad.len(), &frame.whole());
    out.fill(0.0);
    let mut places = Vec::new();
    for (index, grad) in grad.chunks_exact(frame.channels.max(1)).enumerate() {
        frame.places(index / frame.output[1], index % frame.output[1], &mut places);
        let divisor = divisor(frame, places.len(), padding_counts);
        for &place in &places {
            out[place..].iter_mut().zip(grad).for_each(|(sum, grad)| *sum += grad / divisor);
        }
    }
}
