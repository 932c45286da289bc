import { describe, expect, it } from 'vitest';

import {
  bleed,
  BLEED_KERNEL,
  commonReach,
  normalised,
  reachOf,
  scaled,
  signed,
  type Sign,
} from './heat_scale';

/** The vector of rld's own documentation. */
const GOLDEN = [0.1, -0.4, 0.05, 0.5, 0.3];

describe('R-8: the golden vector of rld, in every sign mode', () => {
  it.each<[Sign, number[]]>([
    ['both', [0.2, -0.8, 0.1, 1, 0.6]],
    ['positive', [0.2, 0, 0.1, 1, 0.6]],
    ['negative', [0, 1, 0, 0, 0]],
    ['absolute', [0.2, 0.8, 0.1, 1, 0.6]],
  ])('%s', (sign, expected) => {
    const found = normalised(GOLDEN, sign, 5);
    expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
  });

  it('clips what lies beyond the percentile', () => {
    // 50 % of 1.35 is 0.675: .05 + .1 + .3 + .4 reaches it, so 0.4 is the scale.
    const found = normalised(GOLDEN, 'both', 50);
    [0.25, -1, 0.125, 1, 0.75].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
  });

  it('only clips where the scale is below 1e-5, as the reference does', () => {
    expect([...normalised([1e-6, -2e-6], 'both', 0)].map((value) => Number(value.toPrecision(3)))).toEqual([
      1e-6, -2e-6,
    ]);
  });
});

it('takes the largest magnitude when nothing is an outlier, and zero when all are zero', () => {
  expect(reachOf([3, -7, 1], 0)).toBe(7);
  expect(reachOf([0, 0], 5)).toBe(0);
  expect([...scaled([0, 0], 0)]).toEqual([0, 0]);
});

it('leaves out what is not finite', () => {
  expect([...signed([NaN, Infinity, -2], 'both')]).toEqual([0, 0, -2]);
  expect(reachOf([NaN, 2, -1], 0)).toBe(2);
});

describe('U-11: the kernel of Understanding RL Vision', () => {
  it('has 149 taps, the sum 6.4566 and e⁻⁷ at its edge', () => {
    const taps = BLEED_KERNEL.filter((weight) => weight > 0);
    expect(taps).toHaveLength(149);
    expect(taps.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(6.4566, 4);
    expect(Math.min(...taps)).toBeCloseTo(Math.exp(-7), 8);
  });

  it('is not normalised, and beyond the border there is nothing', () => {
    const ones = new Float32Array(31 * 31).fill(1);
    const found = bleed(ones, 31, 31);
    expect(found[15 * 31 + 15]).toBeCloseTo(6.4566, 3);
    expect(found[0]!).toBeLessThan(found[15 * 31 + 15]! / 2);
    const one = bleed([0, 0, 0, 0, -1, 0, 0, 0, 0], 3, 3);
    expect(one[4]).toBe(-1);
    expect(one[0]).toBeCloseTo(-Math.exp(-Math.SQRT2), 6);
  });

  it('scales by the median of the largest, so that one odd frame does not darken the others', () => {
    expect(commonReach([1, 3, 2, 500])).toBe(2.5);
    expect(commonReach([0, 0, 5])).toBe(5);
    expect(commonReach([])).toBe(0);
  });
});
