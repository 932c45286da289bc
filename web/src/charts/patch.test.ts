import { describe, expect, it } from 'vitest';

import { coarseGrid, opacities, patchAround, placed, strongestOfBlocks } from './patch';

const GRID = { rows: 5, columns: 5 };
const PICTURE = { width: 80, height: 40 };

describe('patchAround', () => {
  it('is centred on the middle of its cell, and as many cells wide as asked', () => {
    expect(patchAround({ row: 0, column: 0 }, GRID, PICTURE, 1)).toEqual({
      x: 0,
      y: 0,
      width: 16,
      height: 8,
    });
    expect(patchAround({ row: 2, column: 2 }, GRID, PICTURE, 1)).toEqual({
      x: 32,
      y: 16,
      width: 16,
      height: 8,
    });
    const wide = patchAround({ row: 4, column: 0 }, GRID, PICTURE, 4);
    // The cell's middle is at (8, 36).
    expect([wide.x + wide.width / 2, wide.y + wide.height / 2]).toEqual([8, 36]);
    expect([wide.width, wide.height]).toEqual([64, 32]);
  });
});

describe('placed', () => {
  const place = { x: 100, y: 200, width: 32, height: 32 };
  it('keeps a patch within the picture whole', () => {
    const patch = { x: 10, y: 10, width: 16, height: 8 };
    expect(placed(patch, PICTURE, place)).toEqual({ from: patch, to: place });
  });
  it('cuts what reaches beyond the edges, and says where the rest lies', () => {
    expect(placed({ x: -8, y: 36, width: 16, height: 8 }, PICTURE, place)).toEqual({
      from: { x: 0, y: 36, width: 8, height: 4 },
      to: { x: 116, y: 200, width: 16, height: 16 },
    });
    const around = placed({ x: -80, y: -40, width: 240, height: 120 }, PICTURE, {
      x: 0,
      y: 0,
      width: 24,
      height: 12,
    });
    expect(around).toEqual({ from: { x: 0, y: 0, ...PICTURE }, to: { x: 8, y: 4, width: 8, height: 4 } });
  });
  it('is nothing beside the picture', () => {
    expect(placed({ x: 80, y: 0, width: 4, height: 4 }, PICTURE, place)).toBeNull();
    expect(placed({ x: -4, y: 0, width: 4, height: 4 }, PICTURE, place)).toBeNull();
  });
});

describe('strongestOfBlocks', () => {
  it('takes the strongest cell of each block, and leaves out what is nothing', () => {
    const grid = { rows: 3, columns: 3 };
    const strength = [1, 2, 0, 4, 3, 0, 5, 0, 0];
    expect([...strongestOfBlocks(strength, grid, 1)]).toEqual([0, 1, -1, 3, 4, -1, 6, -1, -1]);
    expect(coarseGrid(grid, 2)).toEqual({ rows: 2, columns: 2 });
    expect([...strongestOfBlocks(strength, grid, 2)]).toEqual([3, -1, 6, -1]);
    expect([...strongestOfBlocks(strength, grid, 4)]).toEqual([6]);
  });
});

describe('opacities', () => {
  it('are as parts of the strongest', () => {
    expect([...opacities([0, 1, 4])]).toEqual([0, 0.25, 1]);
    expect([...opacities([0, 0])]).toEqual([0, 0]);
  });
});
