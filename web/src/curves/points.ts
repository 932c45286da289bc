import type { Series } from '../api/series';
import { across } from '../charts/across';
import { bucketed } from '../charts/buckets';
import { lowerBound, type Extent } from '../charts/series';
import { hasOutcome, type EpisodeTable } from '../state/episode_tables';
import { xOf, type XPlace } from './x_place';

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
  /** The last logged value of each point, which may be infinite or NaN. */
  last: Float64Array;
  /** Logged values of each point that are not finite; null for a group. */
  notFinite: Uint32Array | null;
  /** Values logged over the whole curve, of all its runs. */
  total: number;
  /** First and last step of the whole curve. */
  extent: readonly [number, number];
  /** The 95 % interval of the mean over the runs of a group, NaN where it has none; null for a run. */
  low: Float64Array | null;
  high: Float64Array | null;
  /** The points do not follow from one another. */
  scattered?: boolean;
  /** Of a part: the whole curve, coarse, which a moving average begins with. */
  whole?: Points;
}

/** What can be told of the episodes of a run. */
export type EpisodeCurve = 'episode_return' | 'length' | 'evaluation_return';

export const NO_POINTS: Points = {
  step: new Float64Array(),
  timeUs: new Float64Array(),
  count: new Uint32Array(),
  min: new Float64Array(),
  max: new Float64Array(),
  mean: new Float64Array(),
  last: new Float64Array(),
  notFinite: null,
  total: 0,
  extent: [0, 0],
  low: null,
  high: null,
};

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
    .filter((row) => hasOutcome(table, row) && table.evaluation[row] === Number(scattered))
    // Side by side, episodes do not start in the order of their numbers.
    .sort((a, b) => table.globalStep[a] - table.globalStep[b]);
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]);
  const times = pick(table.startedUs);
  const values = pick(curve === 'length' ? table.length : table.episodeReturn);
  const points = bucketed(pick(table.globalStep), values, scattered ? Infinity : buckets);
  const at = (columns: Float64Array) => Float64Array.from(points.index, (row) => columns[row]);
  return {
    ...points,
    scattered,
    step: points.x,
    timeUs: at(times),
    last: at(values),
    notFinite: null,
    total: rows.length,
    extent: [points.x[0] ?? 0, points.x[points.x.length - 1] ?? 0],
    low: null,
    high: null,
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
  return {
    ...rest,
    step: x,
    timeUs: other.map((elapsed) => startUs + elapsed),
    last: rest.mean,
    notFinite: null,
    total: columns.reduce((sum, column) => sum + column.x.length, 0),
    extent: [x[0] ?? 0, x[x.length - 1] ?? 0],
  };
}

/**
 * The range of steps to ask for so that a range of x is covered. `overview` is the whole curve, coarse, which says which step was when.
 */
export function stepRange([low, high]: Extent, x: XPlace, overview: Points): { from: number; to: number } {
  if (x.kind === 'step') return { from: Math.floor(low), to: Math.ceil(high) + 1 };
  const xs = xOf(overview, x);
  if (xs.length === 0) return { from: 0, to: 1 };
  const first = Math.max(0, lowerBound(xs, low) - 1);
  const last = Math.min(xs.length - 1, lowerBound(xs, high));
  // Before the first point of the overview there may be others: its step is that of the last point in the first bucket.
  const from = first === 0 ? Math.min(0, overview.step[0]) : overview.step[first];
  return { from: Math.floor(from), to: Math.ceil(overview.step[last]) + 1 };
}
