import { dateTime, duration, exactCount, value } from '../theme/format';
import type { ScatterPoints, ScatterTrend } from './scatter_points';
import type { ScatterAxis } from './scatter_scale';
import { finiteExtent } from './step_scale';

/** What a scatter chart says in words and numbers, for those who do not see it. */
export interface ScatterTwin {
  axes: { name: string; label: string; points: number; min: string; max: string }[];
  /** Points evenly along the rows, with the height of each trend there. */
  samples: { index: number; trends: number[] }[];
}

/** A value as its axis writes it. */
export function textOf(axis: ScatterAxis, number: number): string {
  if (axis.kind === 'time') return dateTime(number * 1e6);
  if (axis.kind === 'span') return duration(number);
  return axis.kind === 'count' && Number.isFinite(number) ? exactCount(number) : value(number);
}

/** Describes all points, with at most `samples` of them one by one. */
export function scatterTwin(
  points: ScatterPoints,
  trends: readonly ScatterTrend[],
  x: ScatterAxis,
  y: ScatterAxis,
  samples: number,
): ScatterTwin {
  const described = (name: string, axis: ScatterAxis, column: ArrayLike<number>) => {
    const extent = finiteExtent(column);
    let count = 0;
    for (let i = 0; i < column.length; i++) if (Number.isFinite(column[i])) count += 1;
    const [min, max] = extent ? extent.map((number) => textOf(axis, number)) : ['none', 'none'];
    return { name, label: axis.label, points: count, min, max };
  };
  const order = orderAlong(points, x, y);
  const shown = Math.min(samples, order.length);
  const rows = Array.from(
    { length: shown },
    (_, k) => order[shown === 1 ? 0 : Math.round((k * (order.length - 1)) / (shown - 1))],
  );
  return {
    axes: [described('Across', x, points.x), described('Up', y, points.y)],
    samples: rows.map((index) => ({
      index,
      trends: trends.map((trend) => heightAt(trend, points.x[index])),
    })),
  };
}

/** Points that have a place, by x, then in the order given. */
export function orderAlong({ x, y }: ScatterPoints, xAxis: ScatterAxis, yAxis: ScatterAxis): Uint32Array {
  const order = new Uint32Array(x.length);
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const placed = x[i] === x[i] && y[i] === y[i] && (!xAxis.log || x[i] > 0) && (!yAxis.log || y[i] > 0);
    if (placed) order[count++] = i;
  }
  return order.subarray(0, count).sort((a, b) => (x[a] < x[b] ? -1 : x[a] > x[b] ? 1 : a - b));
}

/** Height of a line at `x`, of its nearest point; NaN where it has none. */
function heightAt({ x, y }: ScatterTrend, at: number): number {
  let [best, distance] = [NaN, Infinity];
  for (let i = 0; i < x.length; i++) {
    const apart = Math.abs(x[i] - at);
    if (apart < distance) [best, distance] = [y[i], apart];
  }
  return best;
}
