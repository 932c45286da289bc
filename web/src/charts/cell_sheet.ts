import type { HeatColours } from './heat_colours';
import { heatIndex } from './heat_colours';

/** Paints cells, row after row, one pixel each; `reach` is drawn as strongest. Cells without a number stay clear. */
export function paintCells(
  canvas: HTMLCanvasElement,
  cells: ArrayLike<number>,
  rows: number,
  columns: number,
  reach: number,
  { table, diverging }: HeatColours,
): void {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  if (!context || rows * columns === 0) return;
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i += 1) {
    const value = cells[i]!;
    if (!Number.isFinite(value)) continue;
    const from = 3 * heatIndex(reach > 0 ? value / reach : 0, diverging);
    image.data.set(table.subarray(from, from + 3), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
