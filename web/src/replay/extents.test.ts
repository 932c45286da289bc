import { expect, it } from 'vitest';

import { ExtentStore, overall, type Extents } from './extents';

const extents = (low: number[], high: number[]): Extents => ({
  low: Float64Array.from(low),
  high: Float64Array.from(high),
});

it('asks once, and again when the episode grew, not too often', async () => {
  let [now, asked, changes] = [0, 0, 0];
  const store = new ExtentStore(
    () => Promise.resolve(extents([-(asked += 1)], [1])),
    () => (changes += 1),
    () => now,
  );
  expect(store.get('q')).toBeNull();
  expect(store.get('q')).toBeNull();
  await Promise.resolve();
  expect([store.get('q')?.low[0], asked, changes]).toEqual([-1, 1, 1]);
  store.grow();
  expect([store.get('q')?.low[0], asked]).toEqual([-1, 1]);
  now = 2500;
  expect([store.get('q')?.low[0], asked]).toEqual([-1, 2]);
  await Promise.resolve();
  expect(store.get('q')?.low[0]).toBe(-2);
});

it('a server that does not know leaves it to the rows', async () => {
  let asked = 0;
  const store = new ExtentStore(
    () => Promise.reject(new Error(`no route ${(asked += 1)}`)),
    () => undefined,
    () => 0,
  );
  expect(store.get('q')).toBeNull();
  await new Promise((resolve) => setTimeout(resolve));
  expect([store.get('q'), asked]).toEqual([null, 1]);
});

it('the extent of all elements passes over those without a number', () => {
  expect(overall(extents([NaN, 2, -3], [NaN, 5, 1]))).toEqual([-3, 5]);
  expect(overall(extents([NaN], [NaN]))).toBeNull();
});
