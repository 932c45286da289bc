import { expect, it } from 'vitest';

import { across } from './across';

const run = (...points: [x: number, y: number][]) => ({
  x: Float64Array.from(points, ([x]) => x),
  y: Float64Array.from(points, ([, y]) => y),
  other: Float64Array.from(points, ([x]) => x * 2),
});

it('B-1: gives the mean over runs and its interval, as the server does', () => {
  const { x, count, mean, min, max, low, high } = across(
    [run([0, 1], [10, 2]), run([0, 2], [10, 4]), run([0, 3])],
    100,
  );
  expect([[...x], [...count], [...mean], [...min], [...max]]).toEqual([
    [0, 10],
    [3, 2],
    [2, 3],
    [1, 2],
    [3, 4],
  ]);
  // sd 1, n 3: 4.302653/√3; sd √2, n 2: 12.706205.
  expect([low[0], high[0], low[1], high[1]].map((value) => value.toFixed(6))).toEqual([
    '-0.484138',
    '4.484138',
    '-9.706205',
    '15.706205',
  ]);
});

it('counts a run once however many points it has in a bucket', () => {
  const often = run(...Array.from({ length: 100 }, (_, i) => [i, 10] as [number, number]));
  const seldom = run(...Array.from({ length: 10 }, (_, i) => [10 * i + 5, 20] as [number, number]));
  const { x, mean, other } = across([often, seldom], 50);
  expect([[...x], new Set(mean)]).toEqual([[19, 39, 59, 79, 99], new Set([15])]);
  expect(other[0]).toBe((19 * 2 + 15 * 2) / 2);
});

it('keeps one run as it is, without an interval, and identical runs without width', () => {
  const one = run([0, 0.1], [3, 0.2], [4, NaN], [9, 0.3]);
  const alone = across([one], 10);
  expect([[...alone.x], [...alone.mean]]).toEqual([[...one.x], [...one.y]]);
  expect(alone.low.every(Number.isNaN)).toBe(true);
  const three = across([one, one, one], 10);
  expect([[...three.low], [...three.high]]).toEqual([[...one.y], [...one.y]]);
});

it('puts points at one place together, and makes nothing of nothing', () => {
  expect([...across([run([5, 1], [5, 3]), run([5, 4])], 10).mean]).toEqual([3]);
  expect(across([], 10).x.length).toBe(0);
  expect(across([run()], 10).x.length).toBe(0);
});
