import { MISSING, value } from '../theme/format';

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
  /** What was logged and is no number. */
  odd?: OddPoints;
  /** NaN stands for nothing at all, never for a value that is no number. */
  sparse?: boolean;
}

/** Where values that are not finite were logged. */
export interface OddPoints {
  /** Ascending. */
  x: Float64Array;
  /** 1 and −1 for the infinities, 0 for NaN, and where one place stands for several. */
  sign: Int8Array;
  /** How many values that were, place by place. */
  count: ArrayLike<number>;
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

/** The same in words; missing where there is nothing. */
export function shownText(series: LineSeries, index: number): string {
  const number = shownValue(series, index);
  return index < 0 || (series.sparse && Number.isNaN(number)) ? MISSING : value(number);
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

/** Extent in x over all series; null when there is no point. With `positive` only places above zero count. */
export function xExtent(all: readonly LineSeries[], positive = false): Extent | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { x } of all) {
    let first = 0;
    while (positive && first < x.length && x[first] <= 0) first += 1;
    if (first >= x.length) continue;
    low = Math.min(low, x[first]);
    high = Math.max(high, x[x.length - 1]);
  }
  return low <= high ? [low, high] : null;
}

/** The rows of a series that are seen between two places on x, and one more on either side: lines to them are seen. */
export function seen(x: Float64Array, [from, to]: Extent): [start: number, end: number] {
  return [Math.max(0, lowerBound(x, from) - 1), Math.min(x.length, lowerBound(x, to) + 2)];
}

/**
 * Extent in y of what is drawn between two places on x, bands and lines; null when nothing finite is there.
 * With `positive` only values above zero count, as a logarithmic scale needs.
 */
export function yExtent(all: readonly LineSeries[], range: Extent, positive: boolean): Extent | null {
  let [low, high] = [Infinity, -Infinity];
  for (const series of all) {
    const [start, end] = seen(series.x, range);
    for (const column of [series.y, series.low, series.high, series.smooth]) {
      if (column === null) continue;
      for (let i = start; i < end; i += 1) {
        const y = column[i];
        if (!Number.isFinite(y) || (positive && y <= 0)) continue;
        if (y < low) low = y;
        if (y > high) high = y;
      }
    }
  }
  return low <= high ? [low, high] : null;
}

/**
 * Extent in y of what is left when `percent` of the values of the lines are left out at either end; null when nothing finite is there.
 * Bands do not count: their ends are what is meant to be left out.
 *
 * **Source** the percentile of the value at rank `p·(n − 1)`, between two the nearer to the middle, so that no value is made up.
 */
export function innerExtent(
  all: readonly LineSeries[],
  range: Extent,
  percent: number,
  positive: boolean,
): Extent | null {
  const values: number[] = [];
  for (const series of all) {
    const [start, end] = seen(series.x, range);
    for (let i = start; i < end; i += 1) {
      const y = series.y[i];
      if (Number.isFinite(y) && !(positive && y <= 0)) values.push(y);
    }
  }
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const skipped = ((sorted.length - 1) * Math.min(50, Math.max(0, percent))) / 100;
  return [sorted[Math.ceil(skipped)], sorted[Math.floor(sorted.length - 1 - skipped)]];
}

/** How many points of the lines are not seen between two places on x, and why. */
export interface Unseen {
  /** Above or below the range of y. */
  outside: number;
  /** At or below zero, where y is logarithmic. */
  notPositive: number;
  /** Not a number, or infinite: as they were logged, however many points are drawn. */
  notFinite: number;
}

/** Counts what is not seen of the points that are drawn. `from` and `to` are the range of y. */
export function unseen(all: readonly LineSeries[], range: Extent, [from, to]: Extent, log: boolean): Unseen {
  const counts: Unseen = { outside: 0, notPositive: 0, notFinite: 0 };
  for (const { x, y, odd } of all) {
    const end = lowerBound(x, range[1]);
    for (let i = lowerBound(x, range[0]); i < x.length && (i < end || x[i] === range[1]); i += 1) {
      if (!Number.isFinite(y[i])) continue;
      if (log && y[i] <= 0) counts.notPositive += 1;
      else if (y[i] < from || y[i] > to) counts.outside += 1;
    }
    if (!odd) continue;
    for (let i = lowerBound(odd.x, range[0]); i < odd.x.length && odd.x[i] <= range[1]; i += 1)
      counts.notFinite += odd.count[i];
  }
  return counts;
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
