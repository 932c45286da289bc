import { HostCanvas } from './host_canvas';

/** One category a step; negative or NaN where there is none. */
export interface RibbonRow {
  values: ArrayLike<number>;
  /** Step of the first value. */
  start: number;
  /** Colour of a category. */
  colourOf: (category: number) => string;
}

/** A strip with a coloured cell a step: which choice was made when. Where steps are narrower than a pixel, the commonest wins. */
export class Ribbon {
  private readonly canvas: HostCanvas;
  private row: RibbonRow | null = null;
  private range: [number, number] = [0, 0];

  constructor(host: HTMLElement) {
    this.canvas = new HostCanvas(host, (...at) => this.draw(...at));
  }

  /** Shows the steps `from` to `to`, both included. */
  show(row: RibbonRow | null, from: number, to: number): void {
    this.row = row;
    this.range = [from, to];
    this.canvas.redraw();
  }

  destroy(): void {
    this.canvas.destroy();
  }

  private draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    if (!this.row) return;
    const [from, to] = this.range;
    const steps = to - from + 1;
    const columns = Math.min(steps, Math.ceil(width));
    for (let column = 0; column < columns; column++) {
      const first = from + Math.floor((column * steps) / columns);
      const last = from + Math.max(Math.floor(((column + 1) * steps) / columns) - 1, first - from);
      const category = commonest(this.row.values, first - this.row.start, last - this.row.start);
      if (category === null) continue;
      // Cells are centred on their steps, as the chart's points are: the first and the last are half as wide.
      const scale = steps > 1 ? width / (steps - 1) : width;
      const left = steps > 1 ? Math.max(0, (first - from - 0.5) * scale) : 0;
      const right = steps > 1 ? Math.min(width, (last - from + 0.5) * scale) : width;
      context.fillStyle = this.row.colourOf(category);
      context.fillRect(left, 0, right - left + 0.3, height);
    }
  }
}

/** The commonest category of rows `from` to `to`, both included; the first met of equals; null when there is none. */
export function commonest(values: ArrayLike<number>, from: number, to: number): number | null {
  if (from === to) return isCategory(values[from]) ? values[from]! : null;
  const counts = new Map<number, number>();
  for (let i = Math.max(0, from); i <= Math.min(to, values.length - 1); i++) {
    const value = values[i]!;
    if (isCategory(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  let best: number | null = null;
  for (const [value, count] of counts) if (best === null || count > counts.get(best)!) best = value;
  return best;
}

function isCategory(value: number | undefined): boolean {
  return value !== undefined && Number.isInteger(value) && value >= 0;
}
