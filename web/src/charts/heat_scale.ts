/** How signed numbers are brought to −1…1 before they become colours. A view of the numbers, never baked into them. */

/** Which numbers are shown. `both` keeps the sign, `positive` and `negative` leave the other side out, `absolute` forgets it. */
export const SIGNS = ['both', 'positive', 'negative', 'absolute'] as const;
export type Sign = (typeof SIGNS)[number];

/** Below this scale rld and Captum do not divide: what is left are rounding errors. */
export const FLOOR_OF_REFERENCE = 1e-5;

/** The numbers that a sign mode leaves, not yet scaled; those left out are zero. Negative ones come out positive in `negative`. */
export function signed(values: ArrayLike<number>, sign: Sign): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    if (sign === 'both') out[i] = value;
    else if (sign === 'absolute') out[i] = Math.abs(value);
    else if (sign === 'positive') out[i] = Math.max(0, value);
    else out[i] = Math.max(0, -value);
  }
  return out;
}

/**
 * The number that is drawn as strongest: the smallest magnitude at which the sum of all magnitudes up to it reaches
 * (100 − `outliers`) % of the whole. Zero when all are.
 *
 * **Source** Captum 0.2, `_normalize_image_attr` and `_cumulative_sum_threshold`, which rld took over.
 */
export function reachOf(values: ArrayLike<number>, outliers: number): number {
  const sizes = Float32Array.from(values, (value) => (Number.isFinite(value) ? Math.abs(value) : 0)).sort();
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) return 0;
  const wanted = total * (1 - outliers / 100);
  let sum = 0;
  for (const size of sizes) {
    sum += size;
    // A rounding error of the sum must not push it past the last.
    if (sum >= wanted * (1 - 1e-12)) return size;
  }
  return sizes[sizes.length - 1]!;
}

/** Divides by `reach` and clips to −1…1; where `reach` is below `floor` it only clips. */
export function scaled(values: ArrayLike<number>, reach: number, floor = 0): Float32Array {
  const by = Math.abs(reach) > floor ? reach : 1;
  return Float32Array.from(values, (value) => Math.max(-1, Math.min(1, value / by)));
}

/**
 * rld's normalisation of one map: sign mode, outlier percentile, division, clipping.
 *
 * The overlay calls the three steps itself, with no floor: attributions of networks whose outputs are small would be invisible with it.
 */
export function normalised(values: ArrayLike<number>, sign: Sign, outliers: number): Float32Array {
  const kept = signed(values, sign);
  return scaled(kept, reachOf(kept, outliers), FLOOR_OF_REFERENCE);
}

/** Side of the kernel of `bleed`. */
const KERNEL_SIDE = 15;

/**
 * The kernel exp(−‖x‖₂) on 15 × 15 cells, zero beyond the inscribed circle: 149 taps that sum to 6.4566.
 *
 * **Source** Hilton et al. 2020, "Understanding RL Vision", `lucid.scratch.rl_util`.
 */
export const BLEED_KERNEL: Float32Array = (() => {
  const middle = (KERNEL_SIDE - 1) / 2;
  return Float32Array.from({ length: KERNEL_SIDE * KERNEL_SIDE }, (_, i) => {
    const far = Math.hypot((i % KERNEL_SIDE) - middle, Math.floor(i / KERNEL_SIDE) - middle);
    return far > middle ? 0 : Math.exp(-far);
  });
})();

/** The taps of the kernel that are not zero, as steps and weights. */
const TAPS = Array.from(BLEED_KERNEL, (weight, i) => ({
  dx: (i % KERNEL_SIDE) - (KERNEL_SIDE - 1) / 2,
  dy: Math.floor(i / KERNEL_SIDE) - (KERNEL_SIDE - 1) / 2,
  weight,
})).filter(({ weight }) => weight > 0);

/**
 * Spreads each number over its neighbours with a kernel that is *not* normalised, zeros beyond the border: what is strong bleeds out and
 * saturates, so that area tells magnitude. The result may exceed ±1.
 */
export function bleed(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const value = values[y * columns + x]!;
      // Most cells are nothing: spreading from them is spared.
      if (value === 0) continue;
      for (const { dx, dy, weight } of TAPS) {
        const [toX, toY] = [x + dx, y + dy];
        if (toX >= 0 && toY >= 0 && toX < columns && toY < rows) out[toY * columns + toX]! += weight * value;
      }
    }
  }
  return out;
}

/** The median of the largest magnitudes of several maps that is not zero: one scale for all of them; 0 when there is none. */
export function commonReach(largest: readonly number[]): number {
  const sorted = largest.filter((size) => Number.isFinite(size)).toSorted((a, b) => a - b);
  if (sorted.length === 0) return 0;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return median > 0 ? median : sorted[sorted.length - 1]!;
}
