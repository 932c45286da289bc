import { lowerBound, type LineSeries, type OddPoints } from '../charts/series';
import { isPlain, SMOOTHED_POINTS, smoothed, type Smoothing } from '../charts/smoothing';
import type { Ink } from '../theme/palette';
import type { Points } from './points';
import { xOf, type XPlace } from './x_place';

/** What a line looks like, and how it is scaled. */
export interface LineStyle {
  id: string;
  label: string;
  /** Said beside the label. */
  note?: string;
  ink: Ink;
  x: XPlace;
  smoothing: Smoothing;
  /** Places to mark: what x is there, in steps and in microseconds since 1970. */
  marks?: { step: Float64Array; timeUs: Float64Array };
}

/** The line that is drawn for points. */
export function lineOf(points: Points, style: LineStyle): LineSeries {
  const exact = points.count.every((count) => count === 1);
  const smooth = points.scattered ? null : smoothedFrom(points, 'mean', style.smoothing);
  const band = points.low && points.high ? bandOf(points, smooth, style.smoothing) : null;
  const x = xOf(points, style.x);
  return {
    id: style.id,
    label: style.label,
    note: style.note,
    colour: style.ink.colour,
    dash: style.ink.dash,
    x,
    y: points.mean,
    low: band ? band.low : exact ? null : points.min,
    high: band ? band.high : exact ? null : points.max,
    interval: band !== null,
    smooth,
    scattered: points.scattered,
    marks: style.marks && xOf(style.marks, style.x).toSorted(),
    odd: oddOf(points, x),
  };
}

/**
 * A column smoothed; null when it would stay as it is. What lies before a part counts as it does in the whole curve, so that a moving
 * average does not begin anew at the edge of a zoom.
 */
function smoothedFrom(points: Points, column: 'mean' | 'half', smoothing: Smoothing): Float64Array | null {
  if (isPlain(smoothing)) return null;
  const { whole } = points;
  const before = whole ? lowerBound(whole.step, points.step[0]) : 0;
  const values = valuesOf(points, column);
  if (!whole || before === 0) return smoothed(values, smoothing, weightsOf(points, smoothing));
  const join = (head: Float64Array, tail: Float64Array) => {
    const both = new Float64Array(before + tail.length);
    both.set(head.subarray(0, before));
    both.set(tail, before);
    return both;
  };
  // The bucket that the edge cuts counts in full from within; a part of it may count twice, by one bucket of a thousand.
  const weights = join(weightsOf(whole, smoothing), weightsOf(points, smoothing, whole.step[before - 1]));
  return smoothed(join(valuesOf(whole, column), values), smoothing, weights).subarray(before);
}

function valuesOf({ mean, low, high }: Points, column: 'mean' | 'half'): Float64Array {
  return column === 'mean' ? mean : low!.map((value, i) => (high![i] - value) / 2);
}

/**
 * How many points each row counts for. Of a run, those it holds; of a group, whose rows are shared by its runs, those that one run has in
 * the width of the row. The exponential average takes a curve of more than [`SMOOTHED_POINTS`] as one of so many.
 */
function weightsOf(points: Points, smoothing: Smoothing, after: number | null = null): Float64Array {
  const { count, step, total, extent, low } = points;
  const isGroup = low !== null;
  const runs = isGroup ? count.reduce((most, one) => Math.max(most, one), 1) : 1;
  const each = total / runs;
  const rate = smoothing.kind === 'ema' ? Math.min(1, SMOOTHED_POINTS / Math.max(1, each)) : 1;
  if (!isGroup) return Float64Array.from(count, (one) => one * rate);
  const perStep = Math.max(0, each - 1) / Math.max(1, extent[1] - extent[0]);
  return Float64Array.from(step, (at, i) => {
    const previous = i > 0 ? step[i - 1] : after;
    return rate * (previous === null ? 1 : (at - previous) * perStep);
  });
}

/** The interval around what is drawn in front: around a smoothed line, it is as wide as its own moving average. */
function bandOf(points: Points, smooth: Float64Array | null, smoothing: Smoothing) {
  const half = smooth && smoothedFrom(points, 'half', smoothing);
  if (!half) return { low: points.low, high: points.high };
  return { low: smooth.map((value, i) => value - half[i]), high: smooth.map((value, i) => value + half[i]) };
}

/** Where something was logged that is no number. */
function oddOf({ notFinite, last }: Points, x: Float64Array): OddPoints | undefined {
  if (!notFinite) return undefined;
  const rows: number[] = [];
  notFinite.forEach((count, row) => {
    if (count > 0) rows.push(row);
  });
  if (rows.length === 0) return undefined;
  return {
    x: Float64Array.from(rows, (row) => x[row]),
    sign: Int8Array.from(rows, (row) => (last[row] === Infinity ? 1 : last[row] === -Infinity ? -1 : 0)),
    count: Uint32Array.from(rows, (row) => notFinite[row]),
  };
}
