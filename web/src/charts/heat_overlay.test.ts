import { expect, it } from 'vitest';

import { overlayCells } from './heat_overlay';

it('sums channels and scales to the strongest', () => {
  const cells = overlayCells(Int8Array.from([1, 2, 3, 4, 1, -4, 0, 0]), [2, 2, 2], [2, 2, 2])!;
  expect([...cells.values]).toEqual([0.5, -0.5, 0.75, 1]);
});

it('lays a coarse grid from the corner on, between its cells by proportion', () => {
  const cells = overlayCells(Int8Array.from([0, 100, 0, 100]), [2, 2], [1, 4, 4])!;
  expect([cells.height, cells.width]).toEqual([4, 4]);
  expect([...cells.values.slice(0, 4)]).toEqual([0, 0.5, 1, 1]);
});

it('gives nothing for what is no picture, and no numbers but zeros for zeros', () => {
  expect(overlayCells(Int8Array.from([1, 2]), [2], [2])).toBeNull();
  expect([...overlayCells(new Int8Array(4), [2, 2], [2, 2])!.values]).toEqual([0, 0, 0, 0]);
});
