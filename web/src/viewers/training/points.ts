import type { Series } from '../../api/client';
import { bucketed } from '../../charts/buckets';
import { lowerBound, type Extent, type LineSeries } from '../../charts/series';
import { ema } from '../../charts/smoothing';
import type { XKind } from '../../charts/ticks';
import type { EpisodeTable } from '../../state/episode_tables';
import type { Ink } from '../../theme/palette';

/** Points of one run's curve, in ascending order of step. */
export interface Points {
  /** On the axis of the curve. */
  step: Float64Array;
  /** Microseconds since 1970. */
  timeUs: Float64Array;
  /** Logged values that each point stands for. */
  count: Uint32Array;
  min: Float64Array;
  max: Float64Array;
  mean: Float64Array;
}

/** What a line looks like, and how it is scaled. */
export interface LineStyle {
  id: string;
  label: string;
  ink: Ink;
  x: XKind;
  /** Start of the run, microseconds since 1970, for relative time. */
  startUs: number;
  smoothing: number;
}

/** Points as a curve of scalars has them. */
export function pointsOfSeries(series: Series): Points {
  return series;
}

/** The ended episodes of a run as a curve over the global step at which each started, in at most `buckets` points. */
export function pointsOfEpisodes(
  table: EpisodeTable,
  column: 'episode_return' | 'length',
  buckets: number,
): Points {
  const rows = [...table.episode.keys()]
    .filter((row) => table.ended[row] === 1)
    // Side by side, episodes do not start in the order of their numbers.
    .sort((a, b) => table.globalStep[a] - table.globalStep[b]);
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]);
  const times = pick(table.startedUs);
  const points = bucketed(
    pick(table.globalStep),
    pick(column === 'length' ? table.length : table.episodeReturn),
    buckets,
  );
  return { ...points, step: points.x, timeUs: Float64Array.from(points.index, (row) => times[row]) };
}

/** The line that is drawn for a run's points. */
export function lineOf(points: Points, style: LineStyle): LineSeries {
  const exact = points.count.every((count) => count === 1);
  return {
    id: style.id,
    label: style.label,
    colour: style.ink.colour,
    dash: style.ink.dash,
    x: xOf(points, style.x, style.startUs),
    y: points.mean,
    low: exact ? null : points.min,
    high: exact ? null : points.max,
    smooth: style.smoothing > 0 ? ema(points.mean, style.smoothing) : null,
  };
}

/** x of each point. A clock that was set back would make x descend; it is held still there instead. */
function xOf(points: Points, x: XKind, startUs: number): Float64Array {
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
