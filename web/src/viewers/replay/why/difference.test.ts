import { expect, it } from 'vitest';

import { differenceOf } from './difference';

const numbers = (values: number[], shape: number[], scale: number, wrtShape = shape) => ({
  values: Int8Array.from(values),
  scale,
  shape,
  wrtShape,
});

it('is the first less the second, in their units', () => {
  const found = differenceOf(numbers([2, -4], [2], 0.5), numbers([10, 10], [2], 0.1), true)!;
  expect([...found.values].map((value) => Number(value.toFixed(6)))).toEqual([0, -3]);
  expect(found.isScaled).toBe(false);
});

it('brings both to their own scale where units differ', () => {
  const found = differenceOf(numbers([2, -4], [2], 0.5), numbers([10, 5], [2], 100), false)!;
  expect([...found.values]).toEqual([-0.5, -1.5]);
  expect(found.isScaled).toBe(true);
});

it('spreads a coarse grid over what the other explains', () => {
  const fine = numbers([1, 1, 1, 1], [1, 2, 2], 1);
  const coarse = numbers([3], [1, 1], 1, [1, 2, 2]);
  const found = differenceOf(coarse, fine, true)!;
  expect(found.shape).toEqual([2, 2]);
  expect([...found.values]).toEqual([2, 2, 2, 2]);
});

it('is nothing between values that are not of one kind', () => {
  expect(differenceOf(numbers([1], [1], 1), numbers([1, 2], [2], 1), true)).toBeNull();
});
