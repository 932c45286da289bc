import { expect, it } from 'vitest';

import { groundsOf, heightAt, ridgeOf, type RidgeRows } from './ridges';

const ROWS: RidgeRows = {
  edges: Float64Array.of(0, 2, 4),
  at: Float64Array.of(0, 100, 400),
  heights: Float64Array.of(1, 3, 0, 2, 4, 4),
  top: 4,
  atKind: 'step',
};

it('stands rows where their steps are, the last at the bottom', () => {
  expect([...groundsOf(ROWS.at, 10, 110, 20)]).toEqual([30, 50, 110]);
  expect([...groundsOf(Float64Array.of(7), 10, 110, 20)]).toEqual([110]);
  // Rows of one step stand evenly rather than on one another.
  expect([...groundsOf(Float64Array.of(5, 5, 5), 0, 100, 0)]).toEqual([0, 50, 100]);
  expect([...groundsOf(new Float64Array(), 0, 100, 0)]).toEqual([]);
});

it('joins the middles of the bins, from the ground to the ground', () => {
  expect(ridgeOf(ROWS, 0)).toEqual([
    { x: 0, height: 0 },
    { x: 1, height: 1 },
    { x: 3, height: 3 },
    { x: 4, height: 0 },
  ]);
  expect([0.5, 1, 2, 3.5, 9].map((x) => heightAt(ROWS, 0, x))).toEqual([0.5, 1, 2, 1.5, 0]);
  expect(heightAt(ROWS, 1, 1)).toBe(0);
});
