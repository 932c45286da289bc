/** How a line is smoothed. */
export type Smoothing =
  | { kind: 'none' }
  /** Exponential moving average; the weight of the past, from 0 up to but not including 1. */
  | { kind: 'ema'; weight: number }
  /** Mean of the last so many points. */
  | { kind: 'rolling'; points: number };

export const NO_SMOOTHING: Smoothing = { kind: 'none' };

/** The largest weight, as on TensorBoard's slider. */
export const WEIGHT_MAX = 0.999;
/** The longest window. */
export const ROLLING_MAX = 10_000;
/**
 * A curve of more points is smoothed as if it had so many: TensorBoard, whose slider people know, keeps a sample of 1,000. Without that,
 * a weight would mean nothing on a curve of a million points.
 */
export const SMOOTHED_POINTS = 1000;

/** True when `smoothing` changes nothing. */
export function isPlain(smoothing: Smoothing): boolean {
  return (
    smoothing.kind === 'none' || (smoothing.kind === 'ema' ? smoothing.weight <= 0 : smoothing.points <= 1)
  );
}

/** As it is written on a chart: `EMA 0.6`. */
export function smoothingText(smoothing: Smoothing): string {
  if (smoothing.kind === 'none') return '';
  return smoothing.kind === 'ema' ? `EMA ${smoothing.weight}` : `mean of ${smoothing.points} points`;
}

/**
 * The smoothed line. `weights` says how many points each value stands for; all are one when it is left out.
 */
export function smoothed(
  values: Float64Array,
  smoothing: Smoothing,
  weights: ArrayLike<number> | null = null,
): Float64Array {
  if (smoothing.kind === 'ema') return ema(values, smoothing.weight, weights);
  return smoothing.kind === 'rolling' ? rollingMean(values, smoothing.points, weights) : values;
}

/**
 * Exponential moving average without the bias towards zero at the start, point by point:
 * `m = w·m + (1 − w)·y`, shown as `m / (1 − wⁿ)` after `n` points. Gaps stay gaps and do not count.
 *
 * A value that stands for `k` points weighs as much as `k` equal points: `m = wᵏ·m + (1 − wᵏ)·y`.
 * `weight` 0 gives the values as they are; it is kept below 1.
 *
 * **Source** Kingma & Ba 2015, "Adam", section 3 (the correction); TensorBoard's `classicSmoothing` is the same for `k` = 1, but for a
 * value that is not finite, which it passes on as it is.
 */
export function ema(
  values: Float64Array,
  weight: number,
  weights: ArrayLike<number> | null = null,
): Float64Array {
  const w = Math.min(WEIGHT_MAX, Math.max(0, Number.isFinite(weight) ? weight : 0));
  const smooth = new Float64Array(values.length);
  let mean = 0;
  let bias = 1;
  for (let i = 0; i < values.length; i += 1) {
    const y = values[i];
    if (!Number.isFinite(y)) {
      smooth[i] = NaN;
      continue;
    }
    const past = weights === null ? w : w ** weights[i];
    mean = past * mean + (1 - past) * y;
    bias *= past;
    // A first value that weighs nothing is all that is known.
    smooth[i] = bias < 1 ? mean / (1 - bias) : y;
  }
  return smooth;
}

/**
 * Mean of the last `points` points, of fewer at the start. Gaps stay gaps and do not count. A value that stands for `k` points counts
 * `k` times, and by a part where the window begins within it.
 */
export function rollingMean(
  values: Float64Array,
  points: number,
  weights: ArrayLike<number> | null = null,
): Float64Array {
  const window = Math.min(ROLLING_MAX, Math.max(1, Number.isFinite(points) ? points : 1));
  const smooth = new Float64Array(values.length).fill(NaN);
  const weightOf = (i: number) => (weights === null ? 1 : weights[i]);
  let [first, weight, sum, lost] = [0, 0, 0, 0];
  // Neumaier's sum: a value of 1e20 that leaves the window again takes nothing of the others along.
  const add = (value: number) => {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  };
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(values[i])) continue;
    add(weightOf(i) * values[i]);
    weight += weightOf(i);
    for (; first < i; first += 1) {
      if (!Number.isFinite(values[first])) continue;
      if (weight - weightOf(first) < window) break;
      add(-weightOf(first) * values[first]);
      weight -= weightOf(first);
    }
    const over = first < i ? Math.max(0, weight - window) : 0;
    const total = sum + lost - (over > 0 ? over * values[first] : 0);
    smooth[i] = weight > over ? total / (weight - over) : values[i];
  }
  return smooth;
}
