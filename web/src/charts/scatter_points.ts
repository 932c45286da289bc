import type { ScatterAxis } from './scatter_scale';

/** Points in columns; row `i` of each belongs to point `i`. */
export interface ScatterPoints {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** Index into `colours` of each point; all points have the first colour when left out. */
  group?: ArrayLike<number> | null;
  /** CSS colours. */
  colours: readonly string[];
  /** 1 for the points that stand out: larger, and drawn last. */
  marked?: ArrayLike<number> | null;
  /** 1 for the points that are only hinted at, because they are not among those chosen. */
  dimmed?: ArrayLike<number> | null;
}

/** A line over the points. A value that is not finite is a gap. */
export interface ScatterTrend {
  label: string;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** CSS colour. */
  colour: string;
  dash?: readonly number[];
}

/** A stretch of values, both ends included; null is all of them. */
export interface ScatterBox {
  x: readonly [number, number] | null;
  y: readonly [number, number] | null;
}

/** Points that have no place of their own, told at the edge. */
export interface ScatterGaps {
  /** NaN in x or y: a value that is NaN, or none. */
  missing: number;
  /** Not above zero on a logarithmic axis. */
  notPositive: number;
  /** Infinite; drawn at the edge. */
  infinite: number;
}

export function gapsOf({ x, y }: ScatterPoints, xAxis: ScatterAxis, yAxis: ScatterAxis): ScatterGaps {
  const gaps = { missing: 0, notPositive: 0, infinite: 0 };
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i], y[i]];
    if (a !== a || b !== b) gaps.missing += 1;
    else if ((xAxis.log && !(a > 0)) || (yAxis.log && !(b > 0))) gaps.notPositive += 1;
    else if (!Number.isFinite(a) || !Number.isFinite(b)) gaps.infinite += 1;
  }
  return gaps;
}

/** Whether a point lies in a box. What is NaN lies in none that says anything of it. */
export function isInBox(box: ScatterBox, x: number, y: number): boolean {
  return (!box.x || (x >= box.x[0] && x <= box.x[1])) && (!box.y || (y >= box.y[0] && y <= box.y[1]));
}
