import { columnNamed, doubles, type Columns } from './columns';

/** Histograms over common bins, ascending by step. */
export interface Histograms {
  /** One more than bins. */
  edges: Float64Array;
  step: Float64Array;
  /** Microseconds since 1970. */
  timeUs: Float64Array;
  /** Of the finite values of each row; NaN where there is none. */
  min: Float64Array;
  max: Float64Array;
  /** What no bin holds. */
  below: Float64Array;
  above: Float64Array;
  notFinite: Float64Array;
  /** Row after row. */
  counts: Float64Array;
  /** Every value was counted; the bins are as they were logged; or those were spread onto these. */
  counted: 'values' | 'as_logged' | 'spread';
  /** Rows, or points of a scalar, that were logged. */
  logged: number;
}

/** The entries of a tensor, ascending by step. */
export interface HeatMapRows {
  step: Float64Array;
  /** Row after row; NaN where there is no finite entry. */
  cells: Float64Array;
  /** Cells of a row. */
  width: number;
  /** Neighbouring entries whose mean a cell is. */
  perCell: number;
  /** Of the tensor. */
  shape: number[];
  logged: number;
  /** Rows of another shape. */
  leftOut: number;
}

export function histogramsOf(columns: Columns): Histograms {
  const numbers = (name: string) => doubles(columnNamed(columns, name));
  const { counted, logged } = columns.header;
  return {
    edges: numbers('edges'),
    step: numbers('step'),
    timeUs: numbers('time_us'),
    min: numbers('min'),
    max: numbers('max'),
    below: numbers('below'),
    above: numbers('above'),
    notFinite: numbers('not_finite'),
    counts: numbers('counts'),
    counted: counted === 'as_logged' || counted === 'spread' ? counted : 'values',
    logged: Number(logged),
  };
}

export function heatMapOf(columns: Columns): HeatMapRows {
  const cells = columnNamed(columns, 'cells');
  const { shape, per_cell: perCell, logged, left_out: leftOut } = columns.header;
  return {
    step: doubles(columnNamed(columns, 'step')),
    cells: doubles(cells),
    width: cells.shape[1] ?? 0,
    perCell: Number(perCell),
    shape: Array.isArray(shape) ? shape.map(Number) : [],
    logged: Number(logged),
    leftOut: Number(leftOut),
  };
}
