import type { EpisodeField } from './fields';

/** Rows, given ascending, in order of a field: equal rows stay in the order of the table, missing values come last. */
export function orderRows(rows: Uint32Array, field: EpisodeField, direction: 1 | -1): Uint32Array {
  const found = rows.slice();
  const { values } = field;
  if (isAscending(values, found)) return direction > 0 ? found : found.reverse();
  return found.sort((a, b) => {
    const [x, y] = [values[a], values[b]];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    if (x === y) return a - b;
    return x < y ? -direction : direction;
  });
}

/** True when no row is smaller than the one before, none equal and none missing: then nothing has to be compared. */
function isAscending(values: Float64Array, rows: Uint32Array): boolean {
  for (let i = 0; i < rows.length; i++) {
    if (Number.isNaN(values[rows[i]]) || (i > 0 && !(values[rows[i]] > values[rows[i - 1]]))) return false;
  }
  return true;
}
