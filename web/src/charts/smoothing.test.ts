import { expect, it } from 'vitest';

import { ema } from './smoothing';

const smooth = (weight: number, ...values: number[]) => [...ema(Float64Array.from(values), weight)];

it('leaves values alone without weight', () => expect(smooth(0, 3, 1, 2)).toEqual([3, 1, 2]));

it('keeps a constant constant from the first point on', () => {
  for (const mean of smooth(0.9, 5, 5, 5, 5)) expect(mean).toBeCloseTo(5, 12);
});

it('agrees with the definition: a mean with weights w, w², …', () => {
  const w = 0.6;
  const values = [1, 4, -2, 8];
  values.forEach((_, n) => {
    const weights = values.slice(0, n + 1).map((_, i) => w ** (n - i));
    const sum = weights.reduce((total, weight) => total + weight);
    const expected = weights.reduce((total, weight, i) => total + weight * values[i], 0) / sum;
    expect(smooth(w, ...values)[n]).toBeCloseTo(expected, 12);
  });
});

it('keeps gaps as gaps and goes on behind them', () => {
  expect(smooth(0.5, 2, NaN, Infinity, 2)).toEqual([2, NaN, NaN, 2]);
});

it('stays finite whatever the weight', () => {
  for (const weight of [-1, 1, 2, NaN])
    expect(smooth(weight, 1, 2).every(Number.isFinite), String(weight)).toBe(true);
});
