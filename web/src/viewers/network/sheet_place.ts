import type { ArrayPicture } from '../../api/network';

/** How the cells of an array are put on the page. */
export interface SheetPlace {
  /** Rows run from left to right: a tall narrow matrix lies on its side. */
  lying: boolean;
  /** Rows and columns as drawn. */
  rows: number;
  columns: number;
  /** Pixels of a cell. */
  width: number;
  height: number;
}

/** Pixels of a cell at most. */
const CELL_MAX = 24;
/** Pixels that a sheet is high at most, and one of few rows at least where cells allow it. */
const HIGH = 480;
const LOW = 120;
/** Times as tall as wide from which a matrix lies on its side, and as wide as tall from which its cells need not be square. */
const NARROW = 2;
const FLAT = 4;

const within = (pixels: number) => Math.max(1, Math.min(CELL_MAX, Math.floor(pixels)));

/** Fits an array into a page of `room` pixels. Filters and channels stay as they are: which way is up means something there. */
export function placeSheet(
  { rows, columns, sheet }: Pick<ArrayPicture, 'rows' | 'columns' | 'sheet'>,
  room: number,
): SheetPlace {
  const isMatrix = sheet.down * sheet.across === 1;
  const lying = isMatrix && rows > NARROW * columns;
  const [down, along] = lying ? [columns, rows] : [rows, columns];
  const side = within(Math.min(room / Math.max(1, along), HIGH / Math.max(1, down)));
  const place = { lying, rows: down, columns: along, width: side, height: side };
  if (!isMatrix || along < FLAT * down) return place;
  return { ...place, width: within(room / along), height: Math.max(side, within(LOW / Math.max(1, down))) };
}

/** Cells as they are drawn: on its side, rows are columns. */
export function laidCells(cells: Float32Array, rows: number, columns: number, lying: boolean): Float32Array {
  if (!lying) return cells;
  const turned = new Float32Array(cells.length);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      turned[column * rows + row] = cells[row * columns + column]!;
  return turned;
}

/** The entries of the array that a cell holds, counted from 0 as in Python; null between pictures. */
export function entriesOf(
  { shape, sheet, perCell }: Pick<ArrayPicture, 'shape' | 'sheet' | 'perCell'>,
  row: number,
  column: number,
): string | null {
  const [down, along] = [row * perCell[0], column * perCell[1]];
  if (sheet.down * sheet.across === 1) {
    if (shape.length === 0) return 'the number';
    const last = range(along, perCell[1], sheet.width);
    return shape.length === 1 ? `[${last}]` : `[${range(down, perCell[0], sheet.height)}, ${last}]`;
  }
  // Beyond a number a cell, cells hold pieces of several pictures.
  if (perCell[0] * perCell[1] > 1) return 'several entries';
  const [y, x] = [down % (sheet.height + 1), along % (sheet.width + 1)];
  if (y === sheet.height || x === sheet.width) return null;
  let index = Math.floor(down / (sheet.height + 1)) * sheet.across + Math.floor(along / (sheet.width + 1));
  const outer: number[] = [];
  for (const length of shape.slice(0, -2).reverse()) {
    outer.unshift(index % length);
    index = Math.floor(index / length);
  }
  return index > 0 ? null : `[${[...outer, y, x].join(', ')}]`;
}

/** As Python writes a slice; one entry by its index. */
function range(from: number, count: number, end: number): string {
  const to = Math.min(end, from + count);
  return to - from > 1 ? `${from}:${to}` : String(from);
}
