import { expect, it } from 'vitest';

import { columnNamed, decodeColumns } from './columns';
import { encodeDoubles } from './encode_columns';

it('writes what is read back', () => {
  const whole = Float64Array.of(9, 1, NaN, -Infinity);
  const columns = decodeColumns(encodeDoubles({ x: whole.subarray(1, 3), y: Float64Array.of(0.5, -21) }));
  expect([...columnNamed(columns, 'x').data]).toEqual([1, NaN]);
  expect([...columnNamed(columns, 'y').data]).toEqual([0.5, -21]);
  expect(decodeColumns(encodeDoubles({ x: new Float64Array(0) })).columns[0].rows).toBe(0);
});
