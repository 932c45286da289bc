import { columnNamed, doubles, type Columns } from '../api/columns';
import { MISSING, value } from '../theme/format';
import type { Rows } from './row_store';

/** All rows of a field that is one number or one text a step. */
export interface StepColumn {
  /** Step of the first row. */
  first: number;
  rows: number;
  /** NaN where nothing was logged; empty for text. */
  values: Float64Array;
  /** One byte a row, 0 where nothing was logged; null when every row is there. */
  valid: Uint8Array | null;
  text: (string | null)[] | null;
  /** Yes or no rather than a number. */
  isBool: boolean;
}

/** The column called `name` of an answer whose first row is step `first`. */
export function stepColumn(columns: Columns, name: string, first: number): StepColumn {
  const column = columnNamed(columns, name);
  return {
    first,
    rows: column.rows,
    values: column.text ? new Float64Array(0) : doubles(column),
    valid: column.valid,
    text: column.text,
    isBool: column.dtype === 'bool',
  };
}

/** The same for a field of `width` numbers a step. */
export function rowsOf(columns: Columns, name: string, first: number): Rows {
  const column = columnNamed(columns, name);
  const width = column.shape.slice(1).reduce((product, n) => product * n, 1);
  // Doubles only where the rows are: 64-bit integers and halves are already converted.
  const values = column.text ? new Float64Array(0) : doubles(column);
  return { first, rows: column.rows, width, values, valid: column.valid, text: column.text };
}

/** The number at `step`; undefined where nothing was logged (NaN is a value). */
export function numberAt(column: StepColumn | undefined, step: number): number | undefined {
  if (!column || column.text) return undefined;
  const at = step - column.first;
  if (at < 0 || at >= column.rows || (column.valid && column.valid[at] === 0)) return undefined;
  return column.values[at];
}

/** What is at `step`, for people: a number, a word, or a dash where nothing was logged. */
export function textAt(column: StepColumn | undefined, step: number, digits = 4): string {
  if (column?.text) return column.text[step - column.first] ?? MISSING;
  const number = numberAt(column, step);
  if (number !== undefined && column?.isBool) return number ? 'yes' : 'no';
  return value(number, digits);
}
