import { describe, expect, it } from 'vitest';

import { cellAt, edgesBetween, roundTicks } from './heat_map';
import { heightsOf } from './histogram';

it('heights are counts, parts of all, or parts per unit of the value', () => {
  const bars = { edges: Float64Array.of(0, 1, 3), counts: Float64Array.of(2, 6), total: 10 };
  expect([...heightsOf(bars, 'count')]).toEqual([2, 6]);
  expect([...heightsOf(bars, 'fraction')]).toEqual([0.2, 0.6]);
  const density = heightsOf(bars, 'density');
  expect([...density]).toEqual([0.2, 0.3]);
  expect(density[0] * 1 + density[1] * 2).toBeCloseTo(0.8);
  expect([...heightsOf({ ...bars, counts: Float64Array.of(0, 0), total: 0 }, 'fraction')]).toEqual([0, 0]);
});

describe('cells', () => {
  it('reach halfway to their neighbours', () => {
    expect([...edgesBetween(Float64Array.of(0, 10, 40))]).toEqual([-5, 5, 25, 55]);
    expect([...edgesBetween(Float64Array.of(7))]).toEqual([6.5, 7.5]);
  });
  it('are found by value', () => {
    const edges = Float64Array.of(-5, 5, 25, 55);
    expect([-6, -5, 4.9, 5, 55, 56, NaN].map((value) => cellAt(edges, value))).toEqual([
      -1, 0, 0, 1, 2, -1, -1,
    ]);
  });
});

it('ticks are round', () => {
  expect(roundTicks(0, 1, 4)).toEqual({ at: [0, 0.5, 1], step: 0.5 });
  expect(roundTicks(-0.12, 0.31, 4).at.map((tick) => Number(tick.toFixed(6)))).toEqual([0, 0.2]);
  expect(roundTicks(0, 3, 10, true).at).toEqual([0, 1, 2, 3]);
  expect(roundTicks(2, 2, 4).at).toEqual([2]);
  expect(Object.is(roundTicks(-50, 250, 3).at[0], 0)).toBe(true);
});
