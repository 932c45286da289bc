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
    /// Elements of the window that lie in the input, along one axis, for result `at`.
    fn inside(&self, axis: usize, at: usize) -> impl Iterator<Item = usize> + use<> {
        let Window { kernel, stride, dilation, padding, .. } = &self.window;
        let (first, dilation, padding, length) = (at * stride[axis], dilation[axis], padding[axis], self.input[axis]);
        let places = (0..kernel[axis]).filter_map(move |k| (first + k * dilation).checked_sub(padding));
        places.filter(move |&place| place < length)
    }

    /// Where the channels of each element of a window begin, in scan order.
    fn places(&self, y: usize, x: usize, into: &mut Vec<usize>) {
        into.clear();
        for row in self.inside(0, y) {
            into.extend(self.inside(1, x).map(|column| (row * self.input[1] + column) * self.channels));
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
        // Eight channels of all elements at a time, for the largest so far to stay in one register.
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
    let (mut best, mut which) = (vec![0.0_f32; frame.channels], vec![0_u32; frame.channels]);
    let mut grads = grad.chunks_exact(frame.channels.max(1));
    for (y, column) in (0..frame.output[0]).flat_map(|y| (0..frame.output[1]).map(move |x| (y, x))) {
        let Some(grad) = grads.next() else { return };
        frame.places(y, column, &mut places);
        let Some(&first) = places.first() else { continue };
        best.copy_from_slice(&x[first..first + frame.channels]);
        which.fill(0);
        for (index, &place) in places.iter().enumerate().skip(1) {
            let from = &x[place..place + frame.channels];
            for ((best, which), value) in best.iter_mut().zip(&mut which).zip(from) {
                let takes = larger(*value, *best);
                *best = if takes { *value } else { *best };
                *which = if takes { index as u32 } else { *which };
            }
        }
        for (index, &place) in places.iter().enumerate() {
            let to = &mut out[place..place + frame.channels];
            for ((to, which), grad) in to.iter_mut().zip(&which).zip(grad) {
                *to += if *which == index as u32 { *grad } else { 0.0 };
            }
        }
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
