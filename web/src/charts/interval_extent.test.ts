import { expect, it } from 'vitest';

import { intervalExtent } from './interval_extent';

const interval = (value: number | null, low: number | null = null, high: number | null = null) => ({
  value,
  low,
  high,
});

it('an axis holds every interval and the reference, with room', () => {
  expect(intervalExtent([interval(1, 0, 2), interval(5)], null)).toEqual([-0.3, 5.3]);
  expect(intervalExtent([interval(0.75)], 0.5)).toEqual([0.485, 0.765]);
});

it('an axis of one number, or of none, has a width', () => {
  expect(intervalExtent([interval(3)], null)).toEqual([2.5, 3.5]);
  expect(intervalExtent([interval(null), interval(NaN)], null)).toEqual([0, 1]);
});
