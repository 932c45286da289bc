import { value } from '../theme/format';
import {
  lowerBound,
  nearestIndex,
  reachOf,
  indexAt,
  shownText,
  type Extent,
  type LineSeries,
} from './series';

/** What a chart says in words and numbers, for those who do not see it. */
export interface TextTwin {
  /** One line a series, over what is visible. */
  rows: {
    label: string;
    note?: string;
    points: number;
    first: string;
    last: string;
    min: string;
    max: string;
  }[];
  /** Values at places along x. */
  samples: { x: number; values: string[] }[];
}

/** Describes what is visible, with at most `samples` places along x. */
export function textTwin(all: readonly LineSeries[], [from, to]: Extent, samples: number): TextTwin {
  const rows = all.map((series) => {
    const start = lowerBound(series.x, from);
    let [end, first, last, min, max] = [start, NaN, NaN, Infinity, -Infinity];
    for (; end < series.x.length && series.x[end] <= to; end += 1) {
      const y = series.y[end];
      if (!Number.isFinite(y)) continue;
      if (Number.isNaN(first)) first = y;
      last = y;
      min = Math.min(min, ((series.interval ? null : series.low) ?? series.y)[end]);
      max = Math.max(max, ((series.interval ? null : series.high) ?? series.y)[end]);
    }
    const text = (number: number) => (Number.isFinite(number) ? value(number) : 'none');
    return {
      label: series.label,
      note: series.note,
      points: end - start,
      first: text(first),
      last: text(last),
      min: text(min),
      max: text(max),
    };
  });
  const least = (to - from) / Math.max(1, samples) / 2;
  return {
    rows,
    samples: places(all, [from, to], samples).map((x) => ({
      x,
      values: all.map((series) => {
        const index = indexAt(series, x, reachOf(series, least));
        return index < 0 ? '' : shownText(series, index) + intervalText(series, index);
      }),
    })),
  };
}

/** The interval around a line at a point, such as ` (2 to 4)`; empty without one. */
export function intervalText({ interval, low, high }: LineSeries, index: number): string {
  if (!interval || !low || !high || !Number.isFinite(low[index])) return '';
  return ` (${value(low[index])} to ${value(high[index])})`;
}

/** Places along x that are told: points of the longest series, evenly picked. */
function places(all: readonly LineSeries[], [from, to]: Extent, count: number): number[] {
  const longest = all.reduce<LineSeries | null>(
    (best, series) => (series.x.length > (best?.x.length ?? 0) ? series : best),
    null,
  );
  if (!longest) return [];
  const picked = new Set<number>();
  for (let i = 0; i < count; i += 1) {
    const index = nearestIndex(longest.x, from + ((to - from) * (i + 0.5)) / count);
    if (longest.x[index] >= from && longest.x[index] <= to) picked.add(longest.x[index]);
  }
  return [...picked];
}
