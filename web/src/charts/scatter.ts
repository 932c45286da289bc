import { fitCanvas, readInk, type ChartInk } from './ink';
import { paintAxes, paintPoints, paintTrends, type ScatterLayout } from './scatter_paint';
import { ScatterGrid } from './scatter_grid';
import type { ScatterBox, ScatterPoints, ScatterTrend } from './scatter_points';
import { pixelFromValue, scaleOf, valueFromPixel, type ScatterAxis } from './scatter_scale';

/** What the pointer does; indices are those of the points given. */
export interface ScatterEvents {
  /** A point was clicked. */
  pick(index: number): void;
  /** The pointer came near a point, or left. */
  hover(index: number | null, at: { x: number; y: number } | null): void;
  /** A stretch was drawn, or taken away. A drag that is flat spans x alone, one that is upright y alone. */
  select(box: ScatterBox | null): void;
}

const MARGIN = { left: 56, right: 14, top: 18, bottom: 34 };
/** How near the pointer must be to a point, in CSS pixels. */
const REACH = 14;
/** A drag shorter than this is a click, and one no higher than this spans x alone. */
const SLACK = 6;

/**
 * Up to a million points on a canvas: dots while they can be told apart, shaded by density beyond. Hover finds the nearest through a grid
 * of cells; a drag selects a stretch. Knows nothing of what the points are.
 *
 * A second canvas holds what changes with the pointer, so that hovering draws no point again.
 */
export class Scatter {
  private readonly canvas: HTMLCanvasElement;
  private readonly overlay: HTMLCanvasElement;
  private readonly observer: ResizeObserver;
  private readonly stops: (() => void)[] = [];
  private points: ScatterPoints = { x: [], y: [], colours: [] };
  private axes: { x: ScatterAxis; y: ScatterAxis } = {
    x: { label: '', kind: 'number', log: false },
    y: { label: '', kind: 'number', log: false },
  };
  private trends: readonly ScatterTrend[] = [];
  private layout: ScatterLayout | null = null;
  private grid: ScatterGrid | null = null;
  private ink: ChartInk;
  private queued = 0;
  private hovered: number | null = null;
  private highlighted: readonly number[] = [];
  private selected: number | null = null;
  private box: ScatterBox | null = null;
  private drag: { x: number; y: number; toX: number; toY: number } | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly events: ScatterEvents,
  ) {
    this.canvas = host.appendChild(document.createElement('canvas'));
    this.overlay = host.appendChild(document.createElement('canvas'));
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.setAttribute('aria-hidden', 'true');
      Object.assign(canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    }
    this.ink = readInk(host);
    this.observer = new ResizeObserver(() => this.arrange());
    this.observer.observe(host);
    this.listen();
  }

  /** Shows points; `x`, `y` and the rest have the same number of rows. */
  show(points: ScatterPoints, x: ScatterAxis, y: ScatterAxis): void {
    this.points = points;
    this.axes = { x, y };
    this.point(null);
    this.arrange();
  }

  /** Lines over the points. */
  setTrends(trends: readonly ScatterTrend[]): void {
    this.trends = trends;
    this.redraw();
  }

  /** Brings out points that are pointed at elsewhere; at most some dozens. */
  highlight(indices: readonly number[]): void {
    this.highlighted = indices;
    this.drawOverlay();
  }

  /** The point in view everywhere, or none. */
  setSelected(index: number | null): void {
    this.selected = index;
    this.drawOverlay();
  }

  /** The stretch that is chosen, or none. */
  setBox(box: ScatterBox | null): void {
    this.box = box;
    this.drawOverlay();
  }

  /** Points the chart at a point from the keyboard, as if the pointer were there. */
  point(index: number | null): void {
    if (index === this.hovered) return;
    this.hovered = index;
    this.host.style.cursor = index === null ? 'crosshair' : 'pointer';
    this.events.hover(index, index === null ? null : this.placeOf(index));
    this.drawOverlay();
  }

  /** Where a point is drawn, in CSS pixels of the host; null when it has no place. */
  placeOf(index: number): { x: number; y: number } | null {
    const layout = this.layout;
    if (!layout || !(layout.px[index] === layout.px[index] && layout.py[index] === layout.py[index]))
      return null;
    return index < layout.px.length ? { x: layout.px[index], y: layout.py[index] } : null;
  }

  /** The colours of the page changed. */
  restyle(): void {
    this.ink = readInk(this.host);
    this.redraw();
  }

  destroy(): void {
    cancelAnimationFrame(this.queued);
    this.observer.disconnect();
    for (const stop of this.stops) stop();
    this.canvas.remove();
    this.overlay.remove();
  }

  /** Gives each point its pixel. */
  private arrange(): void {
    const [width, height] = [this.host.clientWidth, this.host.clientHeight];
    this.grid = null;
    if (width === 0 || height === 0) {
      this.layout = null;
      return;
    }
    const { x, y } = this.points;
    const xScale = scaleOf(this.axes.x, x, MARGIN.left, Math.max(MARGIN.left + 1, width - MARGIN.right));
    const yScale = scaleOf(this.axes.y, y, Math.max(MARGIN.top + 1, height - MARGIN.bottom), MARGIN.top);
    const px = new Float32Array(x.length);
    const py = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) {
      px[i] = pixelFromValue(xScale, x[i]);
      py[i] = pixelFromValue(yScale, y[i]);
    }
    this.layout = { width, height, x: xScale, y: yScale, px, py };
    this.redraw();
  }

  private redraw(): void {
    cancelAnimationFrame(this.queued);
    this.queued = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const { layout, ink } = this;
    if (!layout) return;
    const context = fitCanvas(this.canvas, layout.width, layout.height);
    if (!context) return;
    paintAxes(context, layout, this.axes, ink);
    paintPoints(context, layout, this.points, ink);
    paintTrends(context, layout, this.trends, ink);
    this.drawOverlay();
  }

  private drawOverlay(): void {
    const { layout, ink } = this;
    if (!layout) return;
    const context = fitCanvas(this.overlay, layout.width, layout.height);
    if (!context) return;
    this.drawBox(context, layout);
    if (this.selected !== null) this.ring(context, this.selected, 7, ink.accent, 2.5);
    for (const index of this.highlighted) this.ring(context, index, 8, ink.ink, 2);
    if (this.hovered !== null) this.ring(context, this.hovered, 8, ink.ink, 2);
  }

  private drawBox(context: CanvasRenderingContext2D, { x, y }: ScatterLayout): void {
    const box = this.drag ? this.boxOfDrag() : this.box;
    if (!box) return;
    const clampX = (pixel: number) => Math.min(x.to, Math.max(x.from, pixel));
    const clampY = (pixel: number) => Math.min(y.from, Math.max(y.to, pixel));
    const ends = box.x ? box.x.map((value) => clampX(pixelFromValue(x, value))) : [x.from, x.to];
    const sides = box.y ? box.y.map((value) => clampY(pixelFromValue(y, value))) : [y.from, y.to];
    const [left, right] = [Math.min(...ends), Math.max(...ends)];
    const [top, bottom] = [Math.min(...sides), Math.max(...sides)];
    if (![left, right, top, bottom].every(Number.isFinite)) return;
    context.globalAlpha = 0.12;
    context.fillStyle = this.ink.accent;
    context.fillRect(left, top, right - left, bottom - top);
    context.globalAlpha = 1;
    context.strokeStyle = this.ink.accent;
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
  }

  private ring(
    context: CanvasRenderingContext2D,
    index: number,
    radius: number,
    colour: string,
    width: number,
  ): void {
    const at = this.placeOf(index);
    if (!at) return;
    context.beginPath();
    context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    context.strokeStyle = this.ink.surface;
    context.lineWidth = width + 2;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  private near(px: number, py: number): number | null {
    const layout = this.layout;
    if (!layout) return null;
    // Made when somebody points, not for each picture of a run that grows.
    this.grid ??= new ScatterGrid(layout.px, layout.py, layout.width, layout.height);
    return this.grid.nearest(px, py, REACH);
  }

  private boxOfDrag(): ScatterBox | null {
    const { drag, layout } = this;
    if (!drag || !layout) return null;
    const wide = Math.abs(drag.toX - drag.x) >= SLACK;
    const high = Math.abs(drag.toY - drag.y) >= SLACK;
    if (!wide && !high) return null;
    const values = (scale: ScatterLayout['x'], a: number, b: number): [number, number] => {
      const [low, high] = [Math.min(scale.from, scale.to), Math.max(scale.from, scale.to)];
      const ends = [a, b].map((pixel) => valueFromPixel(scale, Math.min(high, Math.max(low, pixel))));
      return [Math.min(...ends), Math.max(...ends)];
    };
    return {
      x: wide ? values(layout.x, drag.x, drag.toX) : null,
      y: high ? values(layout.y, drag.y, drag.toY) : null,
    };
  }

  private listen(): void {
    const on = (
      name: 'pointermove' | 'pointerleave' | 'pointerdown' | 'pointerup' | 'pointercancel' | 'dblclick',
      run: (event: MouseEvent) => void,
    ) => {
      this.host.addEventListener(name, run);
      this.stops.push(() => this.host.removeEventListener(name, run));
    };
    const at = (event: MouseEvent) => {
      const area = this.host.getBoundingClientRect();
      return { x: event.clientX - area.left, y: event.clientY - area.top };
    };
    const hold = (event: MouseEvent, held: boolean) => {
      if (!(event instanceof PointerEvent)) return;
      if (held) this.host.setPointerCapture(event.pointerId);
      else if (this.host.hasPointerCapture(event.pointerId)) this.host.releasePointerCapture(event.pointerId);
    };
    on('pointermove', (event) => {
      const place = at(event);
      if (this.drag) {
        Object.assign(this.drag, { toX: place.x, toY: place.y });
        this.drawOverlay();
      } else this.point(this.near(place.x, place.y));
    });
    on('pointerleave', () => {
      if (!this.drag) this.point(null);
    });
    on('pointerdown', (event) => {
      // A finger scrolls the page.
      if (event.button !== 0 || (event instanceof PointerEvent && event.pointerType === 'touch')) return;
      const { x, y } = at(event);
      this.drag = { x, y, toX: x, toY: y };
      hold(event, true);
    });
    on('pointerup', (event) => {
      const box = this.boxOfDrag();
      const place = at(event);
      this.drag = null;
      hold(event, false);
      const index = box ? null : this.near(place.x, place.y);
      if (box) this.events.select(box);
      else if (index !== null) this.events.pick(index);
      this.drawOverlay();
    });
    on('pointercancel', () => {
      this.drag = null;
      this.drawOverlay();
    });
    on('dblclick', (event) => {
      const place = at(event);
      if (this.near(place.x, place.y) === null) this.events.select(null);
    });
  }
}
