import { roundTicks } from './heat_map';
import { HostCanvas } from './host_canvas';
import { readInk, type ChartInk } from './ink';
import { rgbOf } from './ramp';
import { xTicks, yTick, type XKind } from './ticks';

/** Histograms one behind the other, over common bins. */
export interface RidgeRows {
  /** Edges of the bins, ascending: one more than bins. */
  edges: Float64Array;
  /** Where each row stands, ascending: the first is furthest behind. */
  at: Float64Array;
  /** Heights of the bins, row after row. */
  heights: Float64Array;
  /** The largest of them. */
  top: number;
  atKind: XKind;
}

export interface RidgeEvents {
  /** The pointer is over a row, or left. */
  hover(row: number | null, at: { x: number; y: number } | null): void;
  /** A row was clicked or dragged to. */
  pick(row: number): void;
}

const LEFT = 54;
const BOTTOM = 22;
const TOP = 6;
const RIGHT = 12;
/** Part of the height that the highest ridge takes. */
const REACH = 0.3;
/** How near the colour of the first row is to the page: the last has all of it. */
const PALEST = 0.28;

/** Heights of the ground of each row in pixels: by where it stands, the last at the bottom; `rise` is left free above the first. */
export function groundsOf(at: Float64Array, top: number, bottom: number, rise: number): Float64Array {
  const last = at.length - 1;
  if (last <= 0) return new Float64Array(at.length).fill(bottom);
  const span = at[last] - at[0];
  return at.map((place, row) => {
    const part = span > 0 ? (place - at[0]) / span : row / last;
    return top + rise + part * (bottom - top - rise);
  });
}

/** Points of a ridge: the middle of each bin with its height, and the ground at both ends. */
export function ridgeOf({ edges, heights }: RidgeRows, row: number): { x: number; height: number }[] {
  const bins = edges.length - 1;
  const points = [{ x: edges[0], height: 0 }];
  for (let bin = 0; bin < bins; bin += 1)
    points.push({ x: (edges[bin] + edges[bin + 1]) / 2, height: heights[row * bins + bin] });
  points.push({ x: edges[bins], height: 0 });
  return points;
}

/** Height of a ridge at a value, between the middles of its bins; 0 outside. */
export function heightAt(rows: RidgeRows, row: number, x: number): number {
  const points = ridgeOf(rows, row);
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1], points[i]];
    if (x < a.x || x > b.x || !(b.x > a.x)) continue;
    return a.height + ((b.height - a.height) * (x - a.x)) / (b.x - a.x);
  }
  return 0;
}

/**
 * Histograms over training as ridges one behind the other: the first at the back, pale, the last in front. Lines join the middles of the
 * bins. The host must be positioned; the chart fills it.
 */
export class RidgeChart {
  private readonly canvas: HostCanvas;
  private readonly stops: (() => void)[] = [];
  private ink: ChartInk;
  private rows: RidgeRows | null = null;
  private grounds: Float64Array = new Float64Array();
  private marked = -1;

  constructor(
    private readonly host: HTMLElement,
    private readonly events: RidgeEvents,
  ) {
    this.canvas = new HostCanvas(host, (context) => this.draw(context));
    this.ink = readInk(host);
    this.listen();
  }

  show(rows: RidgeRows | null): void {
    this.rows = rows;
    this.canvas.redraw();
  }

  /** Brings out one row; -1 for none. */
  setMark(row: number): void {
    this.marked = row;
    this.canvas.redraw();
  }

  /** The theme changed. */
  restyle(): void {
    this.ink = readInk(this.host);
    this.canvas.redraw();
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.canvas.destroy();
  }

  private get plane() {
    const [width, height] = [this.host.clientWidth, this.host.clientHeight];
    return { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM };
  }

  private get rise(): number {
    const { top, bottom } = this.plane;
    return (bottom - top) * REACH;
  }

  private draw(context: CanvasRenderingContext2D): void {
    const { rows, plane, ink } = this;
    if (plane.right <= plane.left || plane.bottom <= plane.top) return;
    if (!rows || rows.at.length === 0 || rows.edges.length < 2) return;
    this.grounds = groundsOf(rows.at, plane.top, plane.bottom, this.rise);
    this.drawAxes(context, rows);
    const [page, accent] = [rgbOf(ink.surface), rgbOf(ink.accent)];
    const last = rows.at.length - 1;
    for (let row = 0; row <= last; row += 1) {
      const part = PALEST + (1 - PALEST) * (last > 0 ? row / last : 1);
      const colour = page.map((channel, i) => Math.round(channel + (accent[i] - channel) * part));
      this.drawRidge(context, rows, row, `rgb(${colour.join(' ')})`, ink.surface, 1);
    }
    if (this.marked >= 0 && this.marked <= last) this.drawRidge(context, rows, this.marked, null, ink.ink, 2);
    // For those who check what was drawn.
    this.canvas.element.dataset.ridges = String(rows.at.length);
  }

  private pixelOfX(x: number): number {
    const { edges } = this.rows!;
    const { left, right } = this.plane;
    const [low, high] = [edges[0], edges[edges.length - 1]];
    return left + ((x - low) / (high - low || 1)) * (right - left);
  }

  private drawRidge(
    context: CanvasRenderingContext2D,
    rows: RidgeRows,
    row: number,
    fill: string | null,
    stroke: string,
    width: number,
  ): void {
    const ground = this.grounds[row];
    const scale = rows.top > 0 ? this.rise / rows.top : 0;
    context.beginPath();
    ridgeOf(rows, row).forEach(({ x, height }, i) => {
      const [px, py] = [this.pixelOfX(x), ground - height * scale];
      if (i === 0) context.moveTo(px, py);
      else context.lineTo(px, py);
    });
    if (fill !== null) {
      context.fillStyle = fill;
      context.fill();
    }
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.lineJoin = 'round';
    context.stroke();
  }

  private drawAxes(context: CanvasRenderingContext2D, rows: RidgeRows): void {
    const { plane, ink, grounds } = this;
    const { edges, at, atKind } = rows;
    const last = at.length - 1;
    context.font = ink.font;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const across = roundTicks(
      edges[0],
      edges[edges.length - 1],
      Math.max(2, (plane.right - plane.left) / 80),
    );
    for (const tick of across.at) {
      const px = Math.round(this.pixelOfX(tick));
      context.fillStyle = ink.grid;
      context.fillRect(px, plane.top, 1, plane.bottom - plane.top);
      context.fillStyle = ink.faint;
      context.fillText(yTick(tick, across.step), px, plane.bottom + 6);
    }
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    context.fillStyle = ink.faint;
    const [from, to] = [grounds[0], grounds[last]];
    const room = to - from;
    const places =
      at[last] > at[0] && room > 24
        ? roundTicks(at[0], at[last], Math.max(1, room / 44), atKind === 'episode' || atKind === 'step')
        : { at: [at[last]], step: 1 };
    const labels = xTicks(atKind, places.at, places.step);
    places.at.forEach((tick, i) => {
      const part = at[last] > at[0] ? (tick - at[0]) / (at[last] - at[0]) : 1;
      context.fillText(labels[i], plane.left - 6, from + part * room);
    });
  }

  /** The row in front that covers a place, else the one whose ground is nearest. */
  private rowAt(px: number, py: number): number | null {
    const { rows, plane, grounds } = this;
    if (!rows || rows.at.length === 0 || px < plane.left || px > plane.right) return null;
    const { edges } = rows;
    const part = (px - plane.left) / (plane.right - plane.left);
    const x = edges[0] + part * (edges[edges.length - 1] - edges[0]);
    const scale = rows.top > 0 ? this.rise / rows.top : 0;
    let nearest = 0;
    for (let row = rows.at.length - 1; row >= 0; row -= 1) {
      const ground = grounds[row];
      if (py <= ground && py >= ground - heightAt(rows, row, x) * scale) return row;
      if (Math.abs(ground - py) < Math.abs(grounds[nearest] - py)) nearest = row;
    }
    return nearest;
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
    const place = (event: PointerEvent) => {
      const box = this.host.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    on('pointermove', (event) => {
      const at = place(event);
      const row = this.rowAt(at.x, at.y);
      this.events.hover(row, row === null ? null : at);
      if (dragging && row !== null) this.events.pick(row);
    });
    on('pointerdown', (event) => {
      const at = place(event);
      const row = this.rowAt(at.x, at.y);
      if (row === null || event.button !== 0) return;
      dragging = true;
      this.events.pick(row);
    });
    on('pointerup', () => (dragging = false));
    on('pointerleave', () => {
      dragging = false;
      this.events.hover(null, null);
    });
  }
}
