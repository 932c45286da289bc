import { describe, expect, it } from 'vitest';

import { runningMean, ticksOf } from './scatter_strip';

describe('runningMean', () => {
  it('is the mean of the neighbours that there are', () => {
    expect([...runningMean([1, 2, 3, 4, 5], 3)]).toEqual([1.5, 2, 3, 4, 4.5]);
  });

  it('leaves out what is missing', () => {
    const mean = runningMean([1, NaN, 3, NaN, NaN, NaN], 2);
    expect([...mean.subarray(0, 4)]).toEqual([1, 2, 3, 3]);
    expect(mean[5]).toBeNaN();
  });

  it('agrees with the plain formula on many values', () => {
    const values = Array.from({ length: 300 }, (_, i) => Math.sin(i * 1.7) * i);
    const mean = runningMean(values, 41);
    for (const i of [0, 7, 150, 299]) {
      const near = values.slice(Math.max(0, i - 20), i + 21);
      expect(mean[i]).toBeCloseTo(near.reduce((sum, value) => sum + value, 0) / near.length, 9);
    }
  });
});

describe('ticksOf', () => {
  it.each<[[number, number], number, number[]]>([
    [[0, 10], 5, [0, 2, 4, 6, 8, 10]],
    [[-0.3, 0.3], 3, [-0.2, 0, 0.2]],
    [[5, 5], 3, [5]],
    [[0, 500], 4, [0, 200, 400]],
  ])('of %j, about %d', (extent, count, expected) => expect(ticksOf(extent, count)).toEqual(expected));
});
