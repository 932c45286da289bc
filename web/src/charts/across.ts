import { lowerBound } from './series';
import { t95 } from './student_t';

/** One run's curve: columns of equal length in ascending order of `x`. */
export interface RunColumns {
  x: Float64Array;
  y: Float64Array;
  /** Any other number of each point, such as a time. */
  other: Float64Array;
}

/** Several runs as one curve: one entry a bucket that holds points. */
export interface Across {
  /** x of the last point of any run. */
  x: Float64Array;
  /** Mean over runs of `other` at the last point of each. */
  other: Float64Array;
  /** Runs with a finite value. */
  count: Uint32Array;
  /** Mean, smallest and largest value of a run; NaN when `count` is 0. */
  mean: Float64Array;
  min: Float64Array;
  max: Float64Array;
  /** `mean ∓ t·sd/√n`, with the sample's standard deviation and [`t95`] of `n − 1`; NaN when `count` is below 2. */
  low: Float64Array;
  high: Float64Array;
}

/**
 * The mean over runs, and its 95 % interval, on at most `buckets` buckets that they have in common. A run counts once in a bucket, by the
 * mean of its finite points there; one without any is left out, and nothing is interpolated.
 *
 * The server does the same for curves of scalars, and `docs/http.md` says where buckets lie; this is for columns that come whole.
 */
export function across(runs: readonly RunColumns[], buckets: number): Across {
  const places = placesOf(runs, Math.max(1, buckets));
  const filled: { x: number; others: number[]; values: number[] }[] = [];
  for (const { x, y, other } of runs) {
    for (let start = 0; start < x.length;) {
      const bucket = places(x[start]);
      let [end, sum, finite] = [start, 0, 0];
      for (; end < x.length && places(x[end]) === bucket; end += 1) {
        if (!Number.isFinite(y[end])) continue;
        sum += y[end];
        finite += 1;
      }
      const into = (filled[bucket] ??= { x: -Infinity, others: [], values: [] });
      into.x = Math.max(into.x, x[end - 1]);
      into.others.push(other[end - 1]);
      if (finite > 0) into.values.push(sum / finite);
      start = end;
    }
  }
  const rows = Object.values(filled);
  const column = (of: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, of);
  const half = column(({ values }) => t95(values.length - 1) * standardError(values));
  const mean = column(({ values }) => meanOf(values));
  return {
    x: column((row) => row.x),
    other: column((row) => meanOf(row.others)),
    count: Uint32Array.from(rows, ({ values }) => values.length),
    mean,
    min: column(({ values }) => (values.length > 0 ? Math.min(...values) : NaN)),
    max: column(({ values }) => (values.length > 0 ? Math.max(...values) : NaN)),
    low: mean.map((value, row) => value - half[row]),
    high: mean.map((value, row) => value + half[row]),
  };
}

/** The bucket of a place on x. */
function placesOf(runs: readonly RunColumns[], buckets: number): (x: number) => number {
  const distinct = runs.map((run) => run.x.filter((x, i) => i === 0 || x !== run.x[i - 1]));
  const longest = distinct.reduce((best, xs) => (xs.length > best.length ? xs : best), new Float64Array());
  const isShared = distinct.every((xs) => xs.every((x) => longest[lowerBound(longest, x)] === x));
  if (longest.length <= buckets && isShared) return (x) => lowerBound(longest, x);
  const some = runs.filter((run) => run.x.length > 0);
  const first = Math.min(...some.map((run) => run.x[0]));
  const extent = Math.max(...some.map((run) => run.x[run.x.length - 1])) - first + 1;
  const apart = some
    .map(({ x }) => (x[x.length - 1] - x[0]) / (x.length - 1))
    .filter((distance) => distance > 0)
    .sort((a, b) => a - b);
  const widest = apart[apart.length >> 1] ?? extent;
  const count = Math.min(buckets, Math.max(1, Math.floor(extent / (2 * widest))));
  return (x) => Math.floor(((x - first) * count) / extent);
}

function meanOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // Never outside of the values by rounding; NaN of none.
  return Math.min(Math.max(mean, Math.min(...values)), Math.max(...values));
}

function standardError(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
