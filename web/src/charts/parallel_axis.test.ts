import { describe, expect, it } from 'vitest';

import { ParallelAxis, passesAll, type ParallelValues } from './parallel_axis';

const axis = (values: ParallelValues, flip = false) =>
  new ParallelAxis({ id: 'a', title: 'a', values }, flip);
const numbers = (...values: number[]) => ({ numbers: Float64Array.from(values) });

describe('an axis of parallel coordinates', () => {
  it('is logarithmic by itself where positive numbers are far apart, and otherwise when asked', () => {
    const rates = numbers(1e-4, 1e-3, 1e-2);
    expect([...axis(rates).place]).toEqual([0, 0.5, 1]);
    expect(axis(rates, true).log).toBe(false);
    expect(axis(numbers(1, 2, 4)).log).toBe(false);
    expect(axis(numbers(1, 2, 4), true).place[1]).toBeCloseTo(0.5);
    expect(axis(numbers(0, 1000), true)).toMatchObject({ log: false, canLog: false });
  });

  it('has no place for what is missing, which no range lets pass', () => {
    const one = axis(numbers(1, NaN, 3));
    expect([...one.place]).toEqual([0, NaN, 1]);
    expect(one.hasGaps).toBe(true);
    expect([0, 1, 2].map((row) => one.passes({ from: 0, to: 9 }, row))).toEqual([true, false, true]);
    const words = axis({ words: ['b', null, 'a'] });
    expect([...words.place]).toEqual([0.75, NaN, 0.25]);
    expect([0, 1, 2].map((row) => words.passes({ words: ['a'] }, row))).toEqual([false, false, true]);
  });

  it('turns a stretch into a range and back, ends included', () => {
    const one = axis(numbers(0.1, 0.2, 0.7));
    expect(one.rangeBetween(0, 1)).toBeNull();
    const range = one.rangeBetween(-0.2, 0.5)!;
    expect(range).toMatchObject({ from: 0.1 });
    expect([0, 1, 2].map((row) => one.passes(range, row))).toEqual([true, true, false]);
    expect(one.stretches(range)[0][1]).toBeCloseTo(0.5);
    expect(one.stretches({ from: 3, to: 4 })).toEqual([]);
    const words = axis({ words: ['relu10', 'relu2', 'tanh'] });
    expect(words.words).toEqual(['relu2', 'relu10', 'tanh']);
    expect(words.rangeBetween(0.1, 0.6)).toEqual({ words: ['relu2', 'relu10'] });
    expect(words.rangeBetween(0.2, 0.25)).toBeNull();
    expect(words.stretches({ words: ['tanh', 'gone'] })).toHaveLength(1);
  });

  it('has one place for numbers that are all the same, and none for no numbers', () => {
    expect([...axis(numbers(5, 5)).place]).toEqual([0.5, 0.5]);
    expect(
      axis(numbers(5, 5))
        .ticks()
        .map(({ text }) => text),
    ).toEqual(['5']);
    expect(axis(numbers(NaN)).ticks()).toEqual([]);
  });

  it('all ranges must let a row pass, and those of other axes say nothing', () => {
    const axes = [axis(numbers(1, 2, 3))];
    const ranges = new Map([
      ['a', { from: 2, to: 3 }],
      ['gone', { from: 0, to: 0 }],
    ]);
    expect([0, 1, 2].map((row) => passesAll(axes, ranges, row))).toEqual([false, true, true]);
  });
});
