import { readInk } from './ink';
import { rgbOf } from './ramp';

/** A rectangle of pixels. */
export interface PixelBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What is drawn on a picture. */
export interface PlaneDrawing {
  width: number;
  height: number;
  /** Four bytes a pixel. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
  /** From −1 to 1, row after row: warm above zero, cold below. */
  heat?: Float32Array | null;
  /** Pixels that are marked. */
  marked?: Iterable<number>;
  /** A rectangle that is drawn, and the cursor of the keyboard. */
  box?: PixelBox | null;
  cursor?: { x: number; y: number } | null;
}

/** Draws a small picture pixel for pixel; the page enlarges it. */
export function drawPlane(canvas: HTMLCanvasElement, drawing: PlaneDrawing): void {
  const { width, height, rgba, heat, marked, box, cursor } = drawing;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return;
  const ink = readInk(canvas);
  const data = Uint8ClampedArray.from(rgba);
  const [warm, cold, signal] = [rgbOf(ink.warm), rgbOf(ink.cold), rgbOf(ink.signal)];
  const mix = (pixel: number, colour: readonly number[], share: number) => {
    for (let channel = 0; channel < 3; channel += 1) {
      const at = 4 * pixel + channel;
      data[at] = data[at] * (1 - share) + colour[channel] * share;
    }
  };
  // In proportion: what is weak must not cover the picture.
  heat?.forEach((value, pixel) => {
    if (value !== 0) mix(pixel, value > 0 ? warm : cold, 0.9 * Math.min(1, Math.abs(value)));
  });
  for (const pixel of marked ?? []) mix(pixel, signal, 0.55);
  if (box) for (const pixel of outline(box, width, height)) mix(pixel, signal, 0.9);
  if (cursor) {
    const cross = { x: cursor.x - 2, y: cursor.y - 2, width: 5, height: 5 };
    for (const pixel of outline(cross, width, height)) mix(pixel, signal, 0.9);
  }
  context.putImageData(new ImageData(data, width, height), 0, 0);
}

/** Pixels along the edge of a rectangle, as far as they are in the picture. */
function outline({ x, y, width, height }: PixelBox, columns: number, rows: number): Set<number> {
  const pixels = new Set<number>();
  const add = (px: number, py: number) => {
    if (px >= 0 && py >= 0 && px < columns && py < rows) pixels.add(py * columns + px);
  };
  for (let dx = 0; dx < width; dx += 1) {
    add(x + dx, y);
    add(x + dx, y + height - 1);
  }
  for (let dy = 0; dy < height; dy += 1) {
    add(x, y + dy);
    add(x + width - 1, y + dy);
  }
  return pixels;
}

/** Share of the strongest cells that are drawn as the strongest: single peaks would leave the rest invisible. */
const OUTLIERS = 0.01;

/** Numbers of a shape `[…, h, w]`, summed over leading axes and scaled to ±1 by `most`, spread over a picture; null when they are none. */
export function heatOf(
  values: ArrayLike<number>,
  shape: readonly number[],
  { height, width }: { height: number; width: number },
  most: number | null = null,
): { cells: Float32Array; most: number } | null {
  if (shape.length < 2) return null;
  const [rows, columns] = shape.slice(-2);
  const sums = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i += 1) sums[i % sums.length] += values[i];
  const sizes = sums.map(Math.abs).toSorted();
  const strongest =
    most ?? (sizes[Math.max(0, Math.ceil(sizes.length * (1 - OUTLIERS)) - 1)] || sizes.at(-1) || 1);
  const cells = new Float32Array(height * width);
  for (let y = 0; y < height; y += 1) {
    const row = Math.min(rows - 1, Math.floor((y * rows) / height));
    for (let x = 0; x < width; x += 1) {
      const column = Math.min(columns - 1, Math.floor((x * columns) / width));
      cells[y * width + x] = Math.max(-1, Math.min(1, sums[row * columns + column] / (strongest || 1)));
    }
  }
  return { cells, most: strongest };
}
