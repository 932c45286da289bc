import { describe, expect, it } from 'vitest';

import { barOf } from './bars';
import { axisOf, bell } from './gaussian';
import { indexOfLargest, partOf } from './lanes';
import { stemsOf } from './quantiles';
import { laneOfHead } from './votes';

describe('D-8: bars', () => {
  it.each<[string, number, [number, number], { left: number; width: number } | null]>([
    ['a probability', 0.25, [0, 1], { left: 0, width: 0.25 }],
    ['below zero', -1, [-2, 2], { left: 0.25, width: 0.25 }],
    ['above zero', 2, [-2, 2], { left: 0.5, width: 0.5 }],
    ['an axis without zero grows from its low end', 15, [10, 20], { left: 0, width: 0.5 }],
    ['an axis below zero grows from its high end', -15, [-20, -10], { left: 0.5, width: 0.5 }],
    ['beyond the axis', 9, [0, 1], { left: 0, width: 1 }],
    ['no number', NaN, [0, 1], null],
  ])('%s', (_, value, scale, expected) => expect(barOf(value, scale)).toEqual(expected));

  it('the largest is the first of equals, and of a part when asked', () => {
    expect(indexOfLargest([1, 3, 3, NaN])).toBe(1);
    expect(indexOfLargest([9, 1, 2], 1)).toBe(2);
    expect(indexOfLargest([NaN])).toBeNull();
  });

  it('an axis of no length has one place', () => expect(partOf(5, [5, 5])).toBe(0));
});

describe('B-6: distributions', () => {
  it('51 atoms stand at 51 distinct positions, evenly from end to end', () => {
    const values = Array.from({ length: 51 }, (_, i) => -10 + (20 * i) / 50);
    const stems = stemsOf({ values, weights: values.map(() => 1 / 51) }, [-10, 10], 1 / 51);
    expect(new Set(stems.map(({ x }) => x.toFixed(6))).size).toBe(51);
    expect([stems[0].x, stems[25].x, stems[50].x]).toEqual([0, 0.5, 1]);
    expect(stems.every(({ size }) => size === 1)).toBe(true);
  });

  it('quantiles stand where they are, sorted or not; no weight and no number have no stem', () => {
    expect(stemsOf({ values: [3, 1, NaN], weights: null }, [0, 4], 1).map(({ x }) => x)).toEqual([
      0.75, 0.25,
    ]);
    expect(stemsOf({ values: [1, 2], weights: [0, 0.5] }, [0, 4], 0.5)).toEqual([{ x: 0.5, size: 1 }]);
  });
});

describe('B-7: bells', () => {
  it('one at the mean, exp(−½) one standard deviation beside', () => {
    expect(bell(2, 2, 0.5)).toBe(1);
    expect(bell(2.5, 2, 0.5)).toBeCloseTo(Math.exp(-0.5), 12);
    expect(bell(2.5, 2, 0)).toBe(0);
  });

  it('the axis holds the bounds and all that is reached beyond them', () => {
    const [low, high] = axisOf(-1, 1, [-3, 0.5]);
    expect([low < -3, high > 1, high < 1.5]).toEqual([true, true, true]);
    expect(axisOf(-Infinity, Infinity, [])).toEqual([-1, 1]);
  });
});

it('B-9: nine heads lie below each other within their lane', () => {
  const lanes = Array.from({ length: 9 }, (_, head) => laneOfHead(head, 9, 42));
  expect(lanes[0].top).toBe(3);
  for (let head = 1; head < 9; head++)
    expect(lanes[head].top).toBeGreaterThanOrEqual(lanes[head - 1].top + lanes[head - 1].size);
  expect(lanes[8].top + lanes[8].size).toBeLessThanOrEqual(39);
});
