import { expect, it } from 'vitest';

import { Axis } from './axis';

it('goes from values to pixels and back', () => {
  const x = new Axis([0, 10], false, 50, 150);
  expect([0, 5, 10].map((value) => x.pixelFromValue(value))).toEqual([50, 100, 150]);
  expect(x.valueFromPixel(75)).toBe(2.5);
  const y = new Axis([1, 100], true, 200, 0);
  expect([1, 10, 100].map((value) => y.pixelFromValue(value))).toEqual([200, 100, 0]);
  expect(y.valueFromPixel(100)).toBeCloseTo(10, 12);
  expect(y.pixelFromValue(0)).toBeNaN();
});

it('pans by pixels, and zooms around a place that stays', () => {
  const x = new Axis([0, 10], false, 0, 100);
  expect(x.dragged(20)).toEqual([-2, 8]);
  expect(x.zoomed(50, 0.5)).toEqual([2.5, 7.5]);
  expect(x.between(80, 20)).toEqual([2, 8]);
  const log = new Axis([1, 100], true, 0, 100);
  log.dragged(-50).forEach((value, i) => expect(value).toBeCloseTo([10, 1000][i], 9));
});
