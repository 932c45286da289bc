import { describe, expect, it } from 'vitest';

import { entriesOf, laidCells, placeSheet } from './sheet_place';

const matrix = (height: number, width: number) => ({ down: 1, across: 1, height, width });

describe('placeSheet', () => {
  it('lays a tall narrow matrix on its side and makes its cells high enough to see', () => {
    const place = placeSheet({ rows: 256, columns: 4, sheet: matrix(256, 4) }, 1_100);
    expect(place).toEqual({ lying: true, rows: 4, columns: 256, width: 4, height: 24 });
  });
  it('keeps a matrix that is nearly square, with square cells', () => {
    const place = placeSheet({ rows: 64, columns: 64, sheet: matrix(64, 64) }, 1_100);
    expect(place).toEqual({ lying: false, rows: 64, columns: 64, width: 7, height: 7 });
  });
  it('never turns filters, and never stretches them', () => {
    const place = placeSheet(
      { rows: 287, columns: 8, sheet: { down: 32, across: 1, height: 8, width: 8 } },
      1_100,
    );
    expect(place).toMatchObject({ lying: false, width: 1, height: 1 });
  });
  it('has a pixel a cell where there is no room', () => {
    expect(placeSheet({ rows: 1_000, columns: 1_000, sheet: matrix(1_000, 1_000) }, 300)).toMatchObject({
      width: 1,
      height: 1,
    });
  });
});

describe('laidCells', () => {
  it('turns rows into columns', () => {
    const cells = Float32Array.of(0, 1, 2, 3, 4, 5);
    expect([...laidCells(cells, 3, 2, true)]).toEqual([0, 2, 4, 1, 3, 5]);
    expect(laidCells(cells, 3, 2, false)).toBe(cells);
  });
});

describe('entriesOf', () => {
  it('names entries of matrices and vectors as Python does', () => {
    expect(entriesOf({ shape: [3, 4], sheet: matrix(3, 4), perCell: [1, 1] }, 2, 1)).toBe('[2, 1]');
    expect(entriesOf({ shape: [3_000, 10], sheet: matrix(3_000, 10), perCell: [3, 1] }, 999, 9)).toBe(
      '[2997:3000, 9]',
    );
    expect(entriesOf({ shape: [5], sheet: matrix(1, 5), perCell: [1, 2] }, 0, 2)).toBe('[4]');
    expect(entriesOf({ shape: [], sheet: matrix(1, 1), perCell: [1, 1] }, 0, 0)).toBe('the number');
  });
  it('names entries of filters, and nothing between them', () => {
    const filters = {
      shape: [2, 3, 2, 2],
      sheet: { down: 2, across: 3, height: 2, width: 2 },
      perCell: [1, 1] as const,
    };
    expect(entriesOf(filters, 4, 7)).toBe('[1, 2, 1, 1]');
    expect(entriesOf(filters, 2, 0)).toBeNull();
    expect(entriesOf(filters, 0, 2)).toBeNull();
  });
  it('knows that the last row of pictures may not be full', () => {
    const channels = {
      shape: [5, 2, 2],
      sheet: { down: 2, across: 3, height: 2, width: 2 },
      perCell: [1, 1] as const,
    };
    expect(entriesOf(channels, 3, 4)).toBe('[4, 0, 1]');
    expect(entriesOf(channels, 3, 6)).toBeNull();
  });
});
