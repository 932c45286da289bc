import { describe, expect, it } from 'vitest';

import { decodeColumns } from '../api/columns';
import { encodeColumns } from '../../testing/encode_columns';
import { numberAt, rowsOf, stepColumn, textAt } from './step_column';

const columns = decodeColumns(
  encodeColumns([
    { name: 'reward', dtype: 'float32', shape: [3], data: Float32Array.of(0.5, NaN, 0), valid: [1, 1, 0] },
    { name: 'done', dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
    { name: 'note', dtype: 'text', shape: [2], data: ['hm', null] },
    { name: 'action', dtype: 'int64', shape: [2, 2], data: BigInt64Array.of(1n, -2n, 3n, 4n) },
  ]),
);

describe('step columns', () => {
  it('missing is a dash, NaN is NaN', () => {
    const reward = stepColumn(columns, 'reward', 10);
    expect([10, 11, 12, 13].map((step) => textAt(reward, step))).toEqual(['0.5', 'NaN', '–', '–']);
    expect(numberAt(reward, 12)).toBeUndefined();
    expect(numberAt(reward, 11)).toBeNaN();
    expect(textAt(undefined, 0)).toBe('–');
  });

  it('words for yes, no and texts', () => {
    expect([0, 1].map((step) => textAt(stepColumn(columns, 'done', 0), step))).toEqual(['yes', 'no']);
    expect([0, 1].map((step) => textAt(stepColumn(columns, 'note', 0), step))).toEqual(['hm', '–']);
  });

  it('rows of several numbers', () => {
    const rows = rowsOf(columns, 'action', 5);
    expect([rows.first, rows.rows, rows.width, ...rows.values]).toEqual([5, 2, 2, 1, -2, 3, 4]);
  });
});
