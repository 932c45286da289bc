//! Work on rows side by side. How rows are dealt out has no say in the result: each is computed by itself.

use std::num::NonZero;

/// Most threads, as many as the machine has.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Calls `fill` with the index of a first row and a stretch of whole rows of `out`, until all are filled. **Shapes** `out`: `[rows, width]`.
pub fn fill_rows<T: Send>(out: &mut [T], width: usize, fill: impl Fn(usize, &mut [T]) + Sync) {
    let rows = out.len() / width.max(1);
    let each = rows.div_ceil(threads()).max(1);
    if each >= rows {
        return fill(0, out);
    }
    std::thread::scope(|scope| {
        for (index, stretch) in out.chunks_mut(each * width).enumerate() {
            let fill = &fill;
            scope.spawn(move || fill(index * each, stretch));
        }
    });
}

/// The same for two arrays with a row each for the same things.
pub fn fill_both<T: Send, U: Send>(
    (out, width): (&mut [T], usize),
    (other, other_width): (&mut [U], usize),
    fill: impl Fn(usize, &mut [T], &mut [U]) + Sync,
) {
    let rows = out.len() / width.max(1);
    let each = rows.div_ceil(threads()).max(1);
    if each >= rows {
        return fill(0, out, other);
    }
    std::thread::scope(|scope| {
        let stretches = out.chunks_mut(each * width).zip(other.chunks_mut(each * other_width));
        for (index, (stretch, beside)) in stretches.enumerate() {
            let fill = &fill;
            scope.spawn(move || fill(index * each, stretch, beside));
        }
    });
}
