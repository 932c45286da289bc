import { readInk } from './ink';
import { rgbOf } from './ramp';

/** Numbers over a picture: how strong each place is, above and below zero. */
export interface OverlayCells {
  height: number;
  width: number;
  /** From −1 to 1, row after row. */
  values: Float32Array;
}

/** Share of the strongest cells that are drawn as the strongest: single peaks would leave the rest invisible. */
const OUTLIERS = 0.01;

/**
 * Signed numbers summed over leading axes, spread to `height` × `width` and scaled to ±1.
 *
 * `shape` is `[…, h, w]`; a grid coarser than the picture has its first cell at the picture's corner, and is interpolated.
 * Null when there is nothing to lay over a picture.
 */
export function overlayCells(
  values: Int8Array,
  shape: readonly number[],
  to: readonly number[],
): OverlayCells | null {
  if (shape.length < 2 || to.length < 2) return null;
  const [rows, columns] = shape.slice(-2);
  const [height, width] = to.slice(-2);
  const sums = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i += 1) sums[i % sums.length] += values[i];
  const sizes = sums.map(Math.abs).sort();
  const most =
    sizes[Math.max(0, Math.ceil(sizes.length * (1 - OUTLIERS)) - 1)] || sizes[sizes.length - 1] || 1;
  for (let i = 0; i < sums.length; i += 1) sums[i] = Math.max(-1, Math.min(1, sums[i] / most));
  if (rows === height && columns === width) return { height, width, values: sums };
  return { height, width, values: spread(sums, rows, columns, height, width) };
}

/** Bilinear between cells whose places are a whole number of pixels apart, from the corner on. */
function spread(
  cells: Float32Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
): Float32Array {
  const [stepY, stepX] = [Math.max(1, Math.round(height / rows)), Math.max(1, Math.round(width / columns))];
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y += 1) {
    const fy = Math.min(rows - 1, y / stepY);
    const [y0, y1] = [Math.floor(fy), Math.min(rows - 1, Math.floor(fy) + 1)];
    for (let x = 0; x < width; x += 1) {
      const fx = Math.min(columns - 1, x / stepX);
      const [x0, x1] = [Math.floor(fx), Math.min(columns - 1, Math.floor(fx) + 1)];
      const top = cells[y0 * columns + x0] * (1 - fx + x0) + cells[y0 * columns + x1] * (fx - x0);
      const low = cells[y1 * columns + x0] * (1 - fx + x0) + cells[y1 * columns + x1] * (fx - x0);
      out[y * width + x] = top * (1 - fy + y0) + low * (fy - y0);
    }
  }
  return out;
}

/** Lays cells over another canvas: warm above zero, cold below, clearer the weaker. */
export class HeatOverlay {
  readonly canvas: HTMLCanvasElement;
  private readonly observer: ResizeObserver;

  constructor(
    private readonly host: HTMLElement,
    private readonly over: HTMLCanvasElement,
  ) {
    this.canvas = host.appendChild(document.createElement('canvas'));
    this.canvas.setAttribute('aria-hidden', 'true');
    this.canvas.dataset.overlay = '';
    Object.assign(this.canvas.style, { position: 'absolute', pointerEvents: 'none', display: 'none' });
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(over);
    this.observer.observe(host);
  }

  /** `opacity` from 0 to 1 is that of the strongest cells. */
  draw(cells: OverlayCells, opacity: number): void {
    const { canvas } = this;
    if (canvas.width !== cells.width) canvas.width = cells.width;
    if (canvas.height !== cells.height) canvas.height = cells.height;
    const context = canvas.getContext('2d');
    if (!context) return;
    const ink = readInk(this.host);
    const [warm, cold] = [rgbOf(ink.warm), rgbOf(ink.cold)];
    const image = context.createImageData(cells.width, cells.height);
    cells.values.forEach((value, i) => {
      const colour = value >= 0 ? warm : cold;
      image.data.set(colour, 4 * i);
      // The square root lifts the middle, as the eye is used to.
      image.data[4 * i + 3] = Math.round(255 * opacity * Math.sqrt(Math.abs(value)));
    });
    context.putImageData(image, 0, 0);
    canvas.style.display = 'block';
    this.place();
  }

  clear(): void {
    this.canvas.style.display = 'none';
  }

  destroy(): void {
    this.observer.disconnect();
    this.canvas.remove();
  }

  private place(): void {
    const { width, height, left, top } = this.over.style;
    Object.assign(this.canvas.style, { width, height, left, top });
  }
}
