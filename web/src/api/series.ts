/** Curves: scalars in buckets, as `/api/series` answers. */

import { columnNamed, doubles, type Columns } from './columns';
import type { Failure, SeriesEntry, SeriesQuery } from './wire';

/**
 * One curve: buckets in ascending order of step. Of a run, a bucket whose `count` is 1 is a point as it was logged. Of several runs,
 * `count` is the number of runs in the bucket and `min`, `max` and `mean` are over these runs.
 */
export interface Series {
  query: SeriesQuery;
  /** Points logged over the whole curve. */
  total: number;
  /** First and last step of the whole curve. */
  extent: [number, number];
  step: Float64Array;
  /** Microseconds since 1970. */
  timeUs: Float64Array;
  count: Uint32Array;
  min: Float64Array;
  max: Float64Array;
  mean: Float64Array;
  last: Float64Array;
  /** Points of each bucket whose value is NaN or infinite; null for the curve of a group. */
  notFinite: Uint32Array | null;
  /** The 95 % interval of the mean over runs, NaN where there are fewer than two; null for the curve of a run. */
  low: Float64Array | null;
  high: Float64Array | null;
}

/** True when a curve could be had. */
export function isSeries(answer: Series | { error: Failure }): answer is Series {
  return !('error' in answer);
}

/** Curve `i` of an answer, or why it could not be had. */
export function seriesOf(
  columns: Columns,
  i: number,
  query: SeriesQuery,
  entry: SeriesEntry | undefined,
): Series | { query: SeriesQuery; error: Failure } {
  if (!entry) {
    return { query, error: { code: 'missing', message: `the answer lacks curve ${i}` } };
  }
  if ('error' in entry) return { query, error: entry.error };
  const floats = (name: string) => columnNamed(columns, `${i}/${name}`).data as Float64Array;
  return {
    query,
    total: entry.count,
    extent: [entry.first_step, entry.last_step] as [number, number],
    step: floats('step'),
    timeUs: floats('time_us'),
    count: columnNamed(columns, `${i}/count`).data as Uint32Array,
    min: floats('min'),
    max: floats('max'),
    mean: floats('mean'),
    last: floats('last'),
    notFinite: query.runs ? null : (columnNamed(columns, `${i}/not_finite`).data as Uint32Array),
    low: query.runs ? doubles(columnNamed(columns, `${i}/low`)) : null,
    high: query.runs ? doubles(columnNamed(columns, `${i}/high`)) : null,
  };
}
