/**
 * Exponential moving average without the bias towards zero at the start, point by point:
 * `m = w·m + (1 − w)·y`, shown as `m / (1 − wⁿ)` after `n` points. Gaps stay gaps and do not count.
 *
 * `weight` 0 gives the values as they are; it is kept below 1. Points are weighted equally, however many logged values each stands for.
 *
 * **Source** Kingma & Ba 2015, "Adam", section 3 (the correction); the slider of TensorBoard means the same.
 */
export function ema(values: Float64Array, weight: number): Float64Array {
  const w = Math.min(0.999, Math.max(0, Number.isFinite(weight) ? weight : 0));
  const smooth = new Float64Array(values.length);
  let mean = 0;
  let bias = 1;
  for (let i = 0; i < values.length; i += 1) {
    const y = values[i];
    if (!Number.isFinite(y)) {
      smooth[i] = NaN;
      continue;
    }
    mean = w * mean + (1 - w) * y;
    bias *= w;
    smooth[i] = mean / (1 - bias);
  }
  return smooth;
}
