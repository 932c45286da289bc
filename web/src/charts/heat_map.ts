import { HostCanvas } from './host_canvas';
import { readInk, type ChartInk } from './ink';
import { colourIndex, ramp, rgbOf, type ColourScale } from './ramp';
import { xTicks, yTick, type XKind } from './ticks';

/** Cells over two axes. */
export interface HeatCells {
  /** Where each column stands on x, ascending; a column reaches halfway to its neighbours. */
  x: Float64Array;
  /** Edges of the rows on y, ascending: one more than rows. */
  y: Float64Array;
  /** Values column by column, each from the lowest row up; NaN where there is none. */
  values: Float64Array;
  scale: ColourScale;
  xKind: XKind;
  /** What stands on y: for whole numbers ticks are whole. */
  wholeY: boolean;
}

export interface HeatEvents {
  /** The pointer is over a cell, or left. */
  hover(at: { column: number; row: number; x: number; y: number } | null): void;
  /** A column was clicked or dragged to. */
  pick(column: number): void;
}

const LEFT = 46;
const BOTTOM = 22;
const TOP = 6;
const RIGHT = 8;

/** Edges halfway between places; the outermost as far out as in. */
export function edgesBetween(places: Float64Array): Float64Array {
  const count = places.length;
  const edges = new Float64Array(count + 1);
  if (count === 0) return edges;
  if (count === 1) return Float64Array.of(places[0] - 0.5, places[0] + 0.5);
  for (let i = 1; i < count; i += 1) edges[i] = (places[i - 1] + places[i]) / 2;
  edges[0] = places[0] - (edges[1] - places[0]);
  edges[count] = places[count - 1] + (places[count - 1] - edges[count - 1]);
  return edges;
}

/** Round numbers between two values, about `count` of them, and how far apart they are. */
export function roundTicks(
  low: number,
  high: number,
  count: number,
  whole = false,
): { at: number[]; step: number } {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return { at: [low], step: 1 };
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  if (whole) step = Math.max(1, Math.round(step));
  const at: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i += 1) {
    // The sum makes −0 a plain 0.
    at.push(i * step + 0);
  }
  return { at, step };
}

/** Index of the cell between two edges that holds a value; -1 outside. */
export function cellAt(edges: Float64Array, value: number): number {
  const last = edges.length - 1;
  if (!(value >= edges[0] && value <= edges[last])) return -1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** Cells on a canvas, with axes and one column marked. The host must be positioned; the chart fills it. */
export class HeatMap {
  private readonly canvas: HostCanvas;
  private readonly mark: HTMLElement;
  private readonly stops: (() => void)[] = [];
  private ink: ChartInk;
  private cells: HeatCells | null = null;
  private xEdges: Float64Array = new Float64Array();
  private picture: HTMLCanvasElement | null = null;
  private marked = -1;

  constructor(
    private readonly host: HTMLElement,
    private readonly events: HeatEvents,
  ) {
    this.canvas = new HostCanvas(host, (context) => this.draw(context));
    this.mark = host.appendChild(document.createElement('div'));
    Object.assign(this.mark.style, { position: 'absolute', pointerEvents: 'none', display: 'none' });
    this.ink = readInk(host);
    this.listen();
  }

  show(cells: HeatCells | null): void {
    this.cells = cells;
    this.xEdges = cells ? edgesBetween(cells.x) : new Float64Array();
    this.paint();
    this.canvas.redraw();
  }

  /** Frames one column; -1 for none. */
  setMark(column: number): void {
    this.marked = column;
    this.place();
  }

  /** The theme changed. */
  restyle(): void {
    this.ink = readInk(this.host);
    this.paint();
    this.canvas.redraw();
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.canvas.destroy();
    this.mark.remove();
  }

  /** One pixel a cell, the last row on top. */
  private paint(): void {
    const { cells } = this;
    this.picture = null;
    if (!cells || cells.x.length === 0 || cells.y.length < 2) return;
    const [width, height] = [cells.x.length, cells.y.length - 1];
    const picture = document.createElement('canvas');
    [picture.width, picture.height] = [width, height];
    const context = picture.getContext('2d');
    if (!context) return;
    const ground = rgbOf(this.ink.surface);
    const above = ramp(ground, rgbOf(cells.scale.diverging ? this.ink.warm : this.ink.accent));
    const below = ramp(ground, rgbOf(this.ink.cold));
    const image = context.createImageData(width, height);
    for (let column = 0; column < width; column += 1) {
      for (let row = 0; row < height; row += 1) {
        const index = colourIndex(cells.scale, cells.values[column * height + row]);
        if (index === null) continue;
        const colours = index < 0 ? below : above;
        const from = Math.abs(index) * 3;
        const to = ((height - 1 - row) * width + column) * 4;
        image.data[to] = colours[from];
        image.data[to + 1] = colours[from + 1];
        image.data[to + 2] = colours[from + 2];
        image.data[to + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    this.picture = picture;
  }

  private get plane() {
    const [width, height] = [this.host.clientWidth, this.host.clientHeight];
    return { left: LEFT, top: TOP, width: width - LEFT - RIGHT, height: height - TOP - BOTTOM };
  }

  private draw(context: CanvasRenderingContext2D): void {
    const { cells, picture, plane } = this;
    if (plane.width <= 0 || plane.height <= 0 || !cells || !picture) return;
    context.imageSmoothingEnabled = false;
    const { left, top, width, height } = plane;
    const [x0, x1] = [this.xEdges[0], this.xEdges[cells.x.length]];
    const pixelOfX = (x: number) => left + ((x - x0) / (x1 - x0)) * width;
    for (let column = 0; column < cells.x.length; column += 1) {
      const from = pixelOfX(this.xEdges[column]);
      const to = pixelOfX(this.xEdges[column + 1]);
      // A hair wider than it is: no seam shows between two columns.
      this.drawColumn(context, picture, column, from, to - from + 0.4, top, height);
    }
    this.drawAxes(context, pixelOfX, x0, x1);
    this.place();
  }

  private drawColumn(
    context: CanvasRenderingContext2D,
    picture: HTMLCanvasElement,
    column: number,
    left: number,
    width: number,
    top: number,
    height: number,
  ): void {
    const { y } = this.cells!;
    const rows = y.length - 1;
    const [low, high] = [y[0], y[rows]];
    const even = (high - low) / rows;
    const regular = y.every((edge, i) => Math.abs(edge - low - even * i) <= even * 1e-6);
    if (regular) {
      context.drawImage(picture, column, 0, 1, rows, left, top, width, height);
      return;
    }
    for (let row = 0; row < rows; row += 1) {
      const from = top + (1 - (y[row + 1] - low) / (high - low)) * height;
      const to = top + (1 - (y[row] - low) / (high - low)) * height;
      context.drawImage(picture, column, rows - 1 - row, 1, 1, left, from, width, to - from + 0.4);
    }
  }

  private drawAxes(
    context: CanvasRenderingContext2D,
    pixelOfX: (x: number) => number,
    x0: number,
    x1: number,
  ): void {
    const { left, top, width, height } = this.plane;
    const { y, xKind, wholeY } = this.cells!;
    const [low, high] = [y[0], y[y.length - 1]];
    context.font = this.ink.font;
    context.fillStyle = this.ink.faint;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const vertical = roundTicks(low, high, Math.max(2, height / 44), wholeY);
    for (const tick of vertical.at) {
      const at = top + (1 - (tick - low) / (high - low)) * height;
      context.fillText(yTick(tick, vertical.step), left - 6, at);
    }
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const across = roundTicks(x0, x1, Math.max(1, width / 90), xKind === 'episode' || xKind === 'step');
    const labels = xTicks(xKind, across.at, across.step);
    across.at.forEach((tick, i) => context.fillText(labels[i], pixelOfX(tick), top + height + 6));
    context.strokeStyle = this.ink.line;
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  }

  private place(): void {
    const { cells, plane, mark } = this;
    if (!cells || this.marked < 0 || this.marked >= cells.x.length || plane.width <= 0) {
      mark.style.display = 'none';
      return;
    }
    const [x0, x1] = [this.xEdges[0], this.xEdges[cells.x.length]];
    const at = (x: number) => plane.left + ((x - x0) / (x1 - x0)) * plane.width;
    const [from, to] = [at(this.xEdges[this.marked]), at(this.xEdges[this.marked + 1])];
    Object.assign(mark.style, {
      display: 'block',
      top: `${plane.top}px`,
      height: `${plane.height}px`,
      left: `${from - 1}px`,
      width: `${Math.max(2, to - from) + 2}px`,
      border: `1px solid ${this.ink.ink}`,
      boxSizing: 'border-box',
    });
  }

  private cellOf(event: PointerEvent): { column: number; row: number; x: number; y: number } | null {
    const { cells, plane } = this;
    if (!cells || cells.x.length === 0) return null;
    const box = this.host.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const [x0, x1] = [this.xEdges[0], this.xEdges[cells.x.length]];
    const column = cellAt(this.xEdges, x0 + ((x - plane.left) / plane.width) * (x1 - x0));
    const [low, high] = [cells.y[0], cells.y[cells.y.length - 1]];
    const row = cellAt(cells.y, low + (1 - (y - plane.top) / plane.height) * (high - low));
    return column < 0 || row < 0 ? null : { column, row, x, y };
  }

  private listen(): void {
    let dragging = false;
    const on = <K extends 'pointermove' | 'pointerdown' | 'pointerup' | 'pointerleave'>(
      type: K,
      run: (event: PointerEvent) => void,
    ) => {
      this.host.addEventListener(type, run);
      this.stops.push(() => this.host.removeEventListener(type, run));
    };
    on('pointermove', (event) => {
      const at = this.cellOf(event);
      this.events.hover(at);
      if (dragging && at) this.events.pick(at.column);
    });
    on('pointerdown', (event) => {
      const at = this.cellOf(event);
      if (!at || event.button !== 0) return;
      dragging = true;
      this.events.pick(at.column);
    });
    on('pointerup', () => (dragging = false));
    on('pointerleave', () => {
      dragging = false;
      this.events.hover(null);
    });
  }
}
