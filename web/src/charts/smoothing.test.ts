import { expect, it } from 'vitest';

import { ema, isPlain, rollingMean, smoothed, smoothingText } from './smoothing';

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

/** TensorBoard's `classicSmoothing` (tf_line_chart_data_loader), written down anew: what people know its slider to do. */
function tensorboard(values: readonly number[], weight: number): number[] {
  let last = 0;
  let count = 0;
  const constant = values.every((value) => value === values[0]);
  return values.map((value) => {
    if (constant || !Number.isFinite(value)) return value;
    last = last * weight + (1 - weight) * value;
    count += 1;
    return last / (weight === 1 ? 1 : 1 - weight ** count);
  });
}

it.each([0, 0.6, 0.9, 0.99, 0.999])(
  'A-15: is what the slider of TensorBoard does, with weight %d',
  (weight) => {
    const values = Array.from({ length: 300 }, (_, i) => Math.sin(i / 7) * 20 + ((i * 7919) % 13));
    const reference = tensorboard(values, weight);
    smooth(weight, ...values).forEach((value, i) => expect(value).toBeCloseTo(reference[i], 9));
  },
);

it('takes a value that stands for several points as so many', () => {
  const all = ema(Float64Array.of(1, 1, 1, 5, 5, 2), 0.7);
  const some = ema(Float64Array.of(1, 5, 2), 0.7, [3, 2, 1]);
  [all[2], all[4], all[5]].forEach((value, i) => expect(some[i]).toBeCloseTo(value, 12));
});

it('keeps gaps as gaps and goes on behind them', () => {
  expect(smooth(0.5, 2, NaN, Infinity, 2)).toEqual([2, NaN, NaN, 2]);
  expect([...rollingMean(Float64Array.of(2, NaN, 4, 6), 2)]).toEqual([2, NaN, 3, 5]);
});

it('stays finite whatever the weight', () => {
  for (const weight of [-1, 1, 2, NaN])
    expect(smooth(weight, 1, 2).every(Number.isFinite), String(weight)).toBe(true);
});

it('takes the mean of the last points', () => {
  expect([...rollingMean(Float64Array.of(1, 2, 3, 4, 5), 3)]).toEqual([1, 1.5, 2, 3, 4]);
  expect([...rollingMean(Float64Array.of(1, 2, 3), 1)]).toEqual([1, 2, 3]);
  // 15 points of two buckets of ten: all of the second, half of the first.
  expect([...rollingMean(Float64Array.of(1, 4), 15, [10, 10])]).toEqual([1, (10 * 4 + 5) / 15]);
});

it('forgets a huge value once it has left the window', () => {
  const values = Float64Array.of(1, 1e20, 1, 2, 3);
  expect([...rollingMean(values, 2)].slice(3)).toEqual([1.5, 2.5]);
});

it('says what it does', () => {
  expect(smoothingText({ kind: 'ema', weight: 0.6 })).toBe('EMA 0.6');
  expect(smoothingText({ kind: 'rolling', points: 20 })).toBe('mean of 20 points');
  expect(isPlain({ kind: 'ema', weight: 0 }) && isPlain({ kind: 'rolling', points: 1 })).toBe(true);
  const values = Float64Array.of(1, 2);
  expect(smoothed(values, { kind: 'none' })).toBe(values);
});
