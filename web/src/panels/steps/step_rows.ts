import type { StepSeries } from '../../charts/step_chart';

/** Rows of the table of values. */
const TABLE_ROWS = 200;

/** How a field is drawn; all others are lines. */
const SHAPES: Record<string, StepSeries['shape']> = { reward: 'bars', advantage: 'area', td_error: 'area' };

export function shapeOf(name: string): StepSeries['shape'] {
  return Object.hasOwn(SHAPES, name) ? SHAPES[name] : 'line';
}

/** Steps that the table lists: all, or so many spread evenly, the first and the last among them. */
export function rowsOfTable(steps: number): number[] {
  const rows = Math.min(steps, TABLE_ROWS);
  return Array.from({ length: rows }, (_, i) => Math.floor((i * (steps - 1)) / Math.max(1, rows - 1)));
}
