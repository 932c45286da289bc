import { expect, it } from 'vitest';

import { t95 } from './student_t';

it.each([
  [1, 12.706205],
  [2, 4.302653],
  [9, 2.262157],
  [29, 2.04523],
  [31, 2.039513],
  [63, 1.998341],
  [120, 1.97993],
])('with %d degrees of freedom it is as tables have it', (freedom, t) =>
  expect(t95(freedom)).toBeCloseTo(t, 5),
);

it('is that of the normal distribution in the end', () => {
  expect(t95(1e9)).toBeCloseTo(1.959964, 6);
  expect(t95(0)).toBe(Infinity);
});
