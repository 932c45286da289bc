/** One curve to draw: columns of equal length in ascending order of `x`. */
export interface LineSeries {
  id: string;
  /** For people. */
  label: string;
  /** Said beside the label, such as what the line was made from. */
  note?: string;
  /** CSS colour. */
  colour: string;
  /** Dash pattern in CSS pixels; empty for a solid line. */
  dash: readonly number[];
  x: Float64Array;
  /** The line; NaN is a gap. */
  y: Float64Array;
  /** Lower and upper edge of the band behind the line. */
  low: Float64Array | null;
  high: Float64Array | null;
  /** The band is an interval around the line, rather than the spread of the values that each point stands for. */
  interval?: boolean;
  /** Drawn in front of the line, which then steps back. */
  smooth: Float64Array | null;
  /** Points that do not follow from one another: dots, not joined. */
  scattered?: boolean;
  /** Places on x that are marked at the lower edge, ascending. */
  marks?: Float64Array;
}

/** A closed range of an axis. */
export type Extent = readonly [low: number, high: number];

/** Index of the point whose `x` is nearest, or -1 when there is none. Of two equally near, the first. */
export function nearestIndex(xs: Float64Array, x: number): number {
  if (xs.length === 0) return -1;
  const after = lowerBound(xs, x);
  if (after === 0) return 0;
  if (after === xs.length) return xs.length - 1;
  return xs[after] - x < x - xs[after - 1] ? after : after - 1;
}

/** Index of the first point with `xs[i] >= x`; the length when there is none. */
export function lowerBound(xs: Float64Array, x: number): number {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is drawn in front at a point: the smoothed value when there is one. */
export function shownValue(series: LineSeries, index: number): number {
  return index < 0 ? NaN : (series.smooth ?? series.y)[index];
}

/**
 * Index of the point of a series under a cursor at `x`; -1 when the series does not reach there, so that a run that ended early
 * does not lend its last value to later steps. `reach` is how far off a point may be.
 */
export function indexAt(series: LineSeries, x: number, reach: number): number {
  const index = nearestIndex(series.x, x);
  return index >= 0 && Math.abs(series.x[index] - x) <= reach ? index : -1;
}

/** How far from a point a cursor may be and still mean it: the wider of `least` and the widest step between points. */
export function reachOf(series: LineSeries, least: number): number {
  const { x } = series;
  return x.length > 1 ? Math.max(least, ((x[x.length - 1] - x[0]) / (x.length - 1)) * 1.5) : least;
}

/** Extent in x over all series; null when there is no point. */
export function xExtent(all: readonly LineSeries[]): Extent | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { x } of all) {
    if (x.length === 0) continue;
    low = Math.min(low, x[0]);
    high = Math.max(high, x[x.length - 1]);
  }
  return low <= high ? [low, high] : null;
}

/**
 * Extent in y of what is drawn between two places on x, bands and lines; null when nothing finite is there.
 * With `positive` only values above zero count, as a logarithmic scale needs.
 */
export function yExtent(all: readonly LineSeries[], [from, to]: Extent, positive: boolean): Extent | null {
  let [low, high] = [Infinity, -Infinity];
  for (const series of all) {
    const columns = [series.y, series.low, series.high, series.smooth].filter((column) => column !== null);
    // One point beyond each edge: lines to it are seen.
    const start = Math.max(0, lowerBound(series.x, from) - 1);
    for (let i = start; i < series.x.length; i += 1) {
      for (const column of columns) {
        const y = column[i];
        if (!Number.isFinite(y) || (positive && y <= 0)) continue;
        if (y < low) low = y;
        if (y > high) high = y;
      }
      if (series.x[i] > to) break;
    }
  }
  return low <= high ? [low, high] : null;
}

/**
 * An extent with some air around it; never empty. Values that differ by less than doubles can tell apart on an axis count as one,
 * such as a constant and its moving average.
 */
export function padded([low, high]: Extent, log: boolean): Extent {
  const one = high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high));
  if (log) {
    const air = one ? 2 : (high / low) ** 0.06;
    return [low / air, high * air];
  }
  const air = one ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06;
  return [low - air, high + air];
}
