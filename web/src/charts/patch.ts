/** A part of a picture, in its pixels; it may reach beyond its edges. */
export interface Patch {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Rows and columns that lie over a whole picture. */
export interface Grid {
  rows: number;
  columns: number;
}

interface Size {
  width: number;
  height: number;
}

/** How many cells a patch may be wide. */
export const EXPANDS = [1, 2, 4, 8] as const;
export type Expand = (typeof EXPANDS)[number];
export const EXPAND_DEFAULT: Expand = 4;

/** How many cells of the layer, along each side, may share one patch. */
export const BLOCKS = [1, 2, 4] as const;
export type Block = (typeof BLOCKS)[number];

/** The patch around the middle of a cell, `expand` cells wide. */
export function patchAround(
  cell: { row: number; column: number },
  grid: Grid,
  picture: Size,
  expand: number,
): Patch {
  const [cellWidth, cellHeight] = [picture.width / grid.columns, picture.height / grid.rows];
  return {
    x: (cell.column + 0.5 - expand / 2) * cellWidth,
    y: (cell.row + 0.5 - expand / 2) * cellHeight,
    width: expand * cellWidth,
    height: expand * cellHeight,
  };
}

/** What of a patch lies on the picture, and where that comes to lie in a place of its own; null when nothing does. */
export function placed(patch: Patch, picture: Size, place: Patch): { from: Patch; to: Patch } | null {
  const [left, top] = [Math.max(0, patch.x), Math.max(0, patch.y)];
  const right = Math.min(picture.width, patch.x + patch.width);
  const bottom = Math.min(picture.height, patch.y + patch.height);
  if (!(right > left && bottom > top)) return null;
  const [acrossBy, downBy] = [place.width / patch.width, place.height / patch.height];
  return {
    from: { x: left, y: top, width: right - left, height: bottom - top },
    to: {
      x: place.x + (left - patch.x) * acrossBy,
      y: place.y + (top - patch.y) * downBy,
      width: (right - left) * acrossBy,
      height: (bottom - top) * downBy,
    },
  };
}

/** The grid whose cells are `block` × `block` cells of another; those at the far edges may be cut. */
export function coarseGrid({ rows, columns }: Grid, block: number): Grid {
  return { rows: Math.ceil(rows / block), columns: Math.ceil(columns / block) };
}

/** The strongest cell of each block, row after row; −1 where all of a block are nothing. */
export function strongestOfBlocks(strength: ArrayLike<number>, grid: Grid, block: number): Int32Array {
  const coarse = coarseGrid(grid, block);
  const best = new Int32Array(coarse.rows * coarse.columns).fill(-1);
  for (let row = 0; row < grid.rows; row += 1) {
    for (let column = 0; column < grid.columns; column += 1) {
      const cell = row * grid.columns + column;
      const at = Math.floor(row / block) * coarse.columns + Math.floor(column / block);
      const known = best[at]! < 0 ? 0 : strength[best[at]!]!;
      if (strength[cell]! > known) best[at] = cell;
    }
  }
  return best;
}

/** How opaque each is: as strong as the strongest is 1, nothing is 0. */
export function opacities(strength: ArrayLike<number>): Float32Array {
  let most = 0;
  for (let i = 0; i < strength.length; i += 1) most = Math.max(most, strength[i]!);
  return Float32Array.from(strength, (one) => (most > 0 ? Math.max(0, one / most) : 0));
}
