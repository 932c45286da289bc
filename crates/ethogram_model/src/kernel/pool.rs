//! Windows without weights, on pictures with the channels last: all channels of a place side by side.

#![allow(clippy::inline_always, reason = "the loops take the instruction set of the function they are inlined into")]

use std::ops::Range;

use super::Isa;
use crate::graph::Window;

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

    /// Whether a window lies in the input as a whole, along one axis, for result `at`.
    fn within(&self, axis: usize, at: usize) -> bool {
        let Window { kernel, stride, dilation, padding, .. } = &self.window;
        let first = at * stride[axis];
        first >= padding[axis]
            && first - padding[axis] + kernel[axis].saturating_sub(1) * dilation[axis] < self.input[axis]
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

/// The windows of a frame, one after the other.
struct Windows<'f> {
    frame: &'f Frame,
    /// Where the channels of each element begin in a window that lies in the input as a whole, from its first one on.
    whole: Vec<usize>,
    cut: Vec<usize>,
}

impl<'f> Windows<'f> {
    fn new(frame: &'f Frame) -> Self {
        let [rows, columns] = frame.window.kernel;
        let [down, across] = frame.window.dilation;
        let at = |row: usize, column: usize| (row * down * frame.input[1] + column * across) * frame.channels;
        let whole = (0..rows).flat_map(|row| (0..columns).map(move |column| at(row, column))).collect();
        Windows { frame, whole, cut: Vec::new() }
    }

    /// Where a window's elements begin, and each of them from there on, in scan order.
    fn at(&mut self, y: usize, x: usize) -> (usize, &[usize]) {
        let Frame { window: Window { stride, padding, .. }, input, channels, .. } = self.frame;
        if self.frame.within(0, y) && self.frame.within(1, x) {
            let corner = (y * stride[0] - padding[0]) * input[1] + x * stride[1] - padding[1];
            return (corner * channels, &self.whole);
        }
        self.frame.places(y, x, &mut self.cut);
        (0, &self.cut)
    }
}

/// Each function for each width of registers, whose loops take as many channels at a time.
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
                Isa::Portable => $loops::<Plain<8>>($($argument),*),
            }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn $wide($($argument: $kind),*) {
            $loops::<Wide>($($argument),*);
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn $narrow($($argument: $kind),*) {
            $loops::<Plain<8>>($($argument),*);
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

/// Some channels that are compared at a time, side by side in registers.
trait Group {
    const CHANNELS: usize;

    /// The largest of each channel from `channel` on, of all places.
    fn largest(places: &[usize], channel: usize, x: &[f32], to: &mut [f32]);

    /// What came back for one window, to the first maximum of each channel.
    fn give_back(places: &[usize], channel: usize, x: &[f32], grad: &[f32], out: &mut [f32]);
}

/// So many channels by plain loops.
struct Plain<const N: usize>;

impl<const N: usize> Group for Plain<N> {
    const CHANNELS: usize = N;

    #[inline(always)]
    fn largest(places: &[usize], channel: usize, x: &[f32], to: &mut [f32]) {
        let mut best = [f32::NEG_INFINITY; N];
        for &place in places {
            let Some(from) = x[place + channel..].first_chunk::<N>() else { return };
            best = std::array::from_fn(|lane| if larger(from[lane], best[lane]) { from[lane] } else { best[lane] });
        }
        to.copy_from_slice(&best);
    }

    #[inline(always)]
    fn give_back(places: &[usize], channel: usize, x: &[f32], grad: &[f32], out: &mut [f32]) {
        let Some(grad) = grad.first_chunk::<N>() else { return };
        let (mut best, mut which) = ([f32::NEG_INFINITY; N], [0_u32; N]);
        // All bits or none stand for yes and no: other forms of a choice are not made vectors of.
        for (index, &place) in places.iter().enumerate() {
            let Some(from) = x[place + channel..].first_chunk::<N>() else { return };
            let takes: [u32; N] = std::array::from_fn(|lane| u32::from(larger(from[lane], best[lane])).wrapping_neg());
            let pick = |mask: u32, new: u32, old: u32| (new & mask) | (old & !mask);
            best = std::array::from_fn(|lane| {
                f32::from_bits(pick(takes[lane], from[lane].to_bits(), best[lane].to_bits()))
            });
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
}

/// Sixteen channels, whose choices the processor keeps as bits.
#[cfg(target_arch = "x86_64")]
struct Wide;

#[cfg(target_arch = "x86_64")]
impl Group for Wide {
    const CHANNELS: usize = 16;

    #[inline(always)]
    #[expect(unsafe_code, reason = "reached by way of `Isa::Avx512` alone, for which the processor was asked")]
    fn largest(places: &[usize], channel: usize, x: &[f32], to: &mut [f32]) {
        // SAFETY: the instructions are there.
        unsafe { wide::largest(places, channel, x, to) }
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "reached by way of `Isa::Avx512` alone, for which the processor was asked")]
    fn give_back(places: &[usize], channel: usize, x: &[f32], grad: &[f32], out: &mut [f32]) {
        // SAFETY: the instructions are there.
        unsafe { wide::give_back(places, channel, x, grad, out) }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector loads and stores of checked slices")]
mod wide {
    #[allow(clippy::wildcard_imports, reason = "a handful of vector instructions")]
    use std::arch::x86_64::*;

    use super::{Group, Plain};

    const N: usize = 16;

    /// Where a number takes the place of the largest so far; a NaN does, and stays.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn larger(value: __m512, best: __m512) -> __mmask16 {
        _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(value, best) & _mm512_cmp_ps_mask::<_CMP_ORD_Q>(best, best)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn at(values: &[f32], place: usize) -> Option<__m512> {
        let from = values[place..].first_chunk::<N>()?;
        // SAFETY: sixteen numbers are there.
        Some(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn largest(places: &[usize], channel: usize, x: &[f32], to: &mut [f32]) {
        let mut best = _mm512_set1_ps(f32::NEG_INFINITY);
        for &place in places {
            let Some(value) = at(x, place + channel) else { return };
            best = _mm512_mask_mov_ps(best, larger(value, best), value);
        }
        if let Some(to) = to.first_chunk_mut::<N>() {
            // SAFETY: there is room for sixteen numbers.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), best) };
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn give_back(places: &[usize], channel: usize, x: &[f32], back: &[f32], out: &mut [f32]) {
        let Some(grad) = at(back, 0) else { return };
        let mut best = _mm512_set1_ps(f32::NEG_INFINITY);
        let mut ordered = !0;
        for &place in places {
            let Some(value) = at(x, place + channel) else { return };
            ordered &= _mm512_cmp_ps_mask::<_CMP_ORD_Q>(value, value);
            best = _mm512_max_ps(best, value);
        }
        if ordered != !0 {
            // The first that is no number counts as the largest.
            return Plain::<N>::give_back(places, channel, x, back, out);
        }
        // Channels whose maximum was not met yet.
        let mut left = !0;
        for &place in places {
            let (Some(value), Some(to)) = (at(x, place + channel), out[place + channel..].first_chunk_mut::<N>())
            else {
                return;
            };
            let own = _mm512_mask_cmp_ps_mask::<_CMP_EQ_OQ>(left, value, best);
            left &= !own;
            // SAFETY: sixteen numbers are there.
            unsafe {
                let sum = _mm512_add_ps(_mm512_loadu_ps(to.as_ptr()), _mm512_maskz_mov_ps(own, grad));
                _mm512_storeu_ps(to.as_mut_ptr(), sum);
            }
        }
    }
}

#[inline(always)]
fn max_pool_loops<G: Group>(frame: &Frame, x: &[f32], part: &[Range<usize>; 2], out: &mut [f32]) {
    frame.check(x.len(), out.len(), part);
    let [rows, columns] = part.clone();
    let mut windows = Windows::new(frame);
    let mut results = out.chunks_exact_mut(frame.channels.max(1));
    for (y, column) in rows.flat_map(|y| columns.clone().map(move |x| (y, x))) {
        let Some(to) = results.next() else { return };
        let (start, places) = windows.at(y, column);
        let done = to.len() - to.len() % G::CHANNELS;
        let (groups, rest) = to.split_at_mut(done);
        for (group, to) in groups.chunks_exact_mut(G::CHANNELS).enumerate() {
            G::largest(places, start + group * G::CHANNELS, x, to);
        }
        for (channel, to) in rest.chunks_exact_mut(1).enumerate() {
            Plain::<1>::largest(places, start + done + channel, x, to);
        }
    }
}

#[inline(always)]
fn max_pool_grad_loops<G: Group>(frame: &Frame, x: &[f32], grad: &[f32], out: &mut [f32]) {
    frame.check(x.len(), grad.len(), &frame.whole());
    frame.check(out.len(), grad.len(), &frame.whole());
    out.fill(0.0);
    let mut windows = Windows::new(frame);
    let mut grads = grad.chunks_exact(frame.channels.max(1));
    for (y, column) in (0..frame.output[0]).flat_map(|y| (0..frame.output[1]).map(move |x| (y, x))) {
        let Some(grad) = grads.next() else { return };
        let (start, places) = windows.at(y, column);
        if places.is_empty() {
            continue;
        }
        let (groups, rest) = grad.split_at(grad.len() - grad.len() % G::CHANNELS);
        for (group, grad) in groups.chunks_exact(G::CHANNELS).enumerate() {
            G::give_back(places, start + group * G::CHANNELS, x, grad, out);
        }
        for (channel, grad) in rest.chunks_exact(1).enumerate() {
            Plain::<1>::give_back(places, start + groups.len() + channel, x, grad, out);
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
