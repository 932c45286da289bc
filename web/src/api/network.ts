import { columnNamed, ColumnsError, doubles, type Columns } from './columns';

/** Arrays of a network that can be looked at through training. */
export interface NetworkArrays {
  checkpoints: readonly { global_step: number; name: string }[];
  weights: readonly { name: string; title: string; operator: string; shape: readonly number[] }[];
  layers: readonly { name: string; operator: string }[];
  tensors: readonly { axis: string; tag: string; count: number }[];
  /** Why the newest checkpoint has neither weights nor layers. */
  unread: string | null;
}

/** Where numbers lie; NaN where there are none. */
export interface ArraySpread {
  low: number;
  high: number;
  mean: number;
  deviation: number;
  notFinite: number;
}

/** An array at one step, laid out as a sheet of pictures. */
export interface ArrayPicture {
  at: number;
  /** Steps that its variance is over; one for the numbers themselves. */
  window: readonly number[];
  shape: readonly number[];
  rows: number;
  columns: number;
  /** How it is laid out: pictures beside and below each other, a cell apart; `height` and `width` are those of one picture. */
  sheet: { down: number; across: number; height: number; width: number };
  /** Rows, and columns, of the array that share a cell. */
  perCell: readonly [number, number];
  /** Row after row; NaN between pictures. */
  cells: Float32Array;
  spread: ArraySpread;
}

/** An array through training, a row a step. */
export interface ArrayStrip {
  /** All steps at which it can be had, ascending. */
  all: Float64Array;
  /** Those that were looked at. */
  step: Float64Array;
  shape: readonly number[];
  perCell: number;
  width: number;
  /** Step after step. */
  cells: Float32Array;
  spreads: readonly ArraySpread[];
}

const list = (value: unknown) => (Array.isArray(value) ? (value as Record<string, unknown>[]) : []);
const numbersOf = (value: unknown) => (Array.isArray(value) ? value.map(Number) : []);
const number = (value: unknown) => (typeof value === 'number' ? value : NaN);

export function networkArraysOf({ header }: Columns): NetworkArrays {
  return {
    checkpoints: list(header.checkpoints).map((one) => ({
      global_step: Number(one.global_step),
      name: String(one.name),
    })),
    weights: list(header.weights).map((one) => ({
      name: String(one.name),
      title: String(one.title),
      operator: String(one.operator),
      shape: numbersOf(one.shape),
    })),
    layers: list(header.layers).map((one) => ({ name: String(one.name), operator: String(one.operator) })),
    tensors: list(header.tensors).map((one) => ({
      axis: String(one.axis),
      tag: String(one.tag),
      count: Number(one.count),
    })),
    unread: typeof header.unread === 'string' ? header.unread : null,
  };
}

function spreadOf(told: unknown): ArraySpread {
  const one = (told ?? {}) as Record<string, unknown>;
  return {
    low: number(one.low),
    high: number(one.high),
    mean: number(one.mean),
    deviation: number(one.deviation),
    notFinite: Number(one.not_finite ?? 0),
  };
}

export function arrayPictureOf(columns: Columns): ArrayPicture {
  const { header } = columns;
  const cells = columnNamed(columns, 'cells');
  const [rows = 0, wide = 0] = cells.shape;
  const sheet = (header.sheet ?? {}) as Record<string, unknown>;
  const per = numbersOf(sheet.per_cell);
  return {
    at: Number(header.at),
    window: numbersOf(header.window),
    shape: numbersOf(header.shape),
    rows,
    columns: wide,
    sheet: {
      down: Number(sheet.down ?? 1),
      across: Number(sheet.across ?? 1),
      height: Number(sheet.height ?? rows),
      width: Number(sheet.width ?? wide),
    },
    perCell: [per[0] ?? 1, per[1] ?? 1],
    cells: cells.data as Float32Array,
    spread: spreadOf(header.spread),
  };
}

export function arrayStripOf(columns: Columns): ArrayStrip {
  const { header } = columns;
  const cells = columnNamed(columns, 'cells');
  const step = doubles(columnNamed(columns, 'step'));
  const spreads = list(header.spreads).map(spreadOf);
  if (cells.rows !== step.length || spreads.length !== step.length) {
    throw new ColumnsError(
      `cells: expected ${step.length} rows, found ${cells.rows} and ${spreads.length} spreads`,
    );
  }
  return {
    all: doubles(columnNamed(columns, 'all')),
    step,
    shape: numbersOf(header.shape),
    perCell: Number(header.per_cell ?? 1),
    width: cells.shape[1] ?? 1,
    cells: cells.data as Float32Array,
    spreads,
  };
}
