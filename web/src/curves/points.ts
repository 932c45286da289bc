import type { Series } from '../api/client';
import { across } from '../charts/across';
import { bucketed } from '../charts/buckets';
import { lowerBound, type Extent, type LineSeries } from '../charts/series';
import { isPlain, smoothed, type Smoothing } from '../charts/smoothing';
import type { XKind } from '../charts/ticks';
import type { EpisodeTable } from '../state/episode_tables';
import type { Ink } from '../theme/palette';

/** Points of one curve, in ascending order of step: that of a run, or of a group of runs. */
export interface Points {
  /** On the axis of the curve. */
  step: Float64Array;
  /** Microseconds since 1970. */
  timeUs: Float64Array;
  /** Logged values that each point stands for; of a group, runs. */
  count: Uint32Array;
  min: Float64Array;
  max: Float64Array;
  mean: Float64Array;
  /** The 95 % interval of the mean over the runs of a group, NaN where it has none; null or left out for a run. */
  low?: Float64Array | null;
  high?: Float64Array | null;
  /** The points do not follow from one another. */
  scattered?: boolean;
}

/** What a line looks like, and how it is scaled. */
export interface LineStyle {
  id: string;
  label: string;
  /** Said beside the label. */
  note?: string;
  ink: Ink;
  x: XKind;
  /** Start of the run, or of the first of a group, microseconds since 1970, for relative time. */
  startUs: number;
  smoothing: Smoothing;
  /** Places to mark: what x is there, in steps and in microseconds since 1970. */
  marks?: { step: Float64Array; timeUs: Float64Array };
}

/** What can be told of the episodes of a run. */
export type EpisodeCurve = 'episode_return' | 'length' | 'evaluation_return';

/** Points as a curve of scalars has them. */
export function pointsOfSeries(series: Series): Points {
  return series;
}

/**
 * The ended episodes of a run as a curve over the global step at which each started, in at most `buckets` points. Those that were played
 * to evaluate are a curve of their own: several start at one step, so they are dots, each as it was.
 */
export function pointsOfEpisodes(table: EpisodeTable, curve: EpisodeCurve, buckets: number): Points {
  const scattered = curve === 'evaluation_return';
  const rows = [...table.episode.keys()]
    .filter((row) => table.ended[row] === 1 && table.evaluation[row] === Number(scattered))
    // Side by side, episodes do not start in the order of their numbers.
    .sort((a, b) => table.globalStep[a] - table.globalStep[b]);
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]);
  const times = pick(table.startedUs);
  const points = bucketed(
    pick(table.globalStep),
    pick(curve === 'length' ? table.length : table.episodeReturn),
    scattered ? Infinity : buckets,
  );
  return {
    ...points,
    scattered,
    step: points.x,
    timeUs: Float64Array.from(points.index, (row) => times[row]),
  };
}

/**
 * The ended episodes of several runs as one curve: the mean over runs, each counted once in a bucket. Times count from the start of each
 * run, and from `startUs` on.
 */
export function pointsOfGroup(
  runs: readonly { table: EpisodeTable; startUs: number }[],
  curve: EpisodeCurve,
  buckets: number,
  startUs: number,
): Points {
  const columns = runs.map(({ table, startUs: own }) => {
    const { step, mean, timeUs } = pointsOfEpisodes(table, curve, Infinity);
    return { x: step, y: mean, other: timeUs.map((time) => time - own) };
  });
  const { x, other, ...rest } = across(columns, buckets);
  return { ...rest, step: x, timeUs: other.map((elapsed) => startUs + elapsed) };
}

/** The line that is drawn for points. */
export function lineOf(points: Points, style: LineStyle): LineSeries {
  const exact = points.count.every((count) => count === 1);
  const smooth = isPlain(style.smoothing) || points.scattered ? null : smoothed(points.mean, style.smoothing);
  const band = points.low && points.high ? bandOf(points.low, points.high, smooth, style.smoothing) : null;
  return {
    id: style.id,
    label: style.label,
    note: style.note,
    colour: style.ink.colour,
    dash: style.ink.dash,
    x: xOf(points, style.x, style.startUs),
    y: points.mean,
    low: band ? band.low : exact ? null : points.min,
    high: band ? band.high : exact ? null : points.max,
    interval: band !== null,
    smooth,
    scattered: points.scattered,
    marks: style.marks && ascending(xOf(style.marks, style.x, style.startUs)),
  };
}

/** The interval around what is drawn in front: around a smoothed line, it is as wide as its own moving average. */
function bandOf(low: Float64Array, high: Float64Array, smooth: Float64Array | null, smoothing: Smoothing) {
  if (!smooth) return { low, high };
  const half = smoothed(
    low.map((value, i) => (high[i] - value) / 2),
    smoothing,
  );
  return { low: smooth.map((value, i) => value - half[i]), high: smooth.map((value, i) => value + half[i]) };
}

/** x of each point. A clock that was set back would make x descend; it is held still there instead. */
function xOf(points: Pick<Points, 'step' | 'timeUs'>, x: XKind, startUs: number): Float64Array {
  if (x === 'step') return points.step;
  const origin = x === 'relative' ? startUs : 0;
  const seconds = new Float64Array(points.timeUs.length);
  let latest = -Infinity;
  for (let i = 0; i < seconds.length; i += 1) {
    latest = Math.max(latest, (points.timeUs[i] - origin) / 1e6);
    seconds[i] = latest;
  }
  return seconds;
}

function ascending(values: Float64Array): Float64Array {
  return values.toSorted();
}

/**
 * The range of steps to ask for so that a range of x is covered, with a fifth of its width on either side: lines run on beyond the
 * edges, and a moving average has something to start from. `overview` is the whole curve, coarse, which says which step was when.
 */
export function stepRange(
  range: Extent,
  x: XKind,
  overview: Points,
  startUs: number,
): { from: number; to: number } {
  const air = (range[1] - range[0]) / 5;
  const [low, high] = [range[0] - air, range[1] + air];
  if (x === 'step') return { from: Math.floor(low), to: Math.ceil(high) + 1 };
  const xs = xOf(overview, x, startUs);
  if (xs.length === 0) return { from: 0, to: 1 };
  const first = Math.max(0, lowerBound(xs, low) - 1);
  const last = Math.min(xs.length - 1, lowerBound(xs, high));
  // Before the first point of the overview there may be others: its step is that of the last point in the first bucket.
  const from = first === 0 ? Math.min(0, overview.step[0]) : overview.step[first];
  return { from: Math.floor(from), to: Math.ceil(overview.step[last]) + 1 };
}
