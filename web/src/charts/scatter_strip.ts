import { value as valueText } from '../theme/format';
import { fitCanvas, readInk, type ChartInk } from './ink';
import { finiteExtent, paddedExtent } from './step_scale';

/** Points in two columns; some stand out and can be picked. */
export interface ScatterPoints {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** 1 for the points that stand out. */
  marked: ArrayLike<number>;
}

export interface ScatterEvents {
  /** A marked point was clicked. */
  pick(index: number): void;
  /** The pointer is near a marked point, or null. */
  hover(index: number | null, at: { x: number; y: number } | null): void;
}

const MARGIN = { left: 52, right: 12, top: 10, bottom: 20 };
/** How near the pointer must be to a marked point, in CSS pixels. */
const REACH = 14;

/** Mean of the `window` finite values around each point, over points in the order given. */
export function runningMean(values: ArrayLike<number>, window: number): Float64Array {
  const out = new Float64Array(values.length).fill(NaN);
  const half = Math.floor(window / 2);
  let [sum, count] = [0, 0];
  const add = (i: number, sign: 1 | -1) => {
    const value = values[i];
    if (value === undefined || !Number.isFinite(value)) return;
    sum += sign * value;
    count += sign;
  };
  for (let i = 0; i < Math.min(half, values.length); i++) add(i, 1);
  for (let i = 0; i < values.length; i++) {
    add(i + half, 1);
    add(i - half - 1, -1);
    if (count > 0) out[i] = sum / count;
  }
  return out;
}

/**
 * Many points, those that stand out larger and clickable, and a running mean through all of them: returns over episodes.
 * Drawn on a canvas in one pass; a hundred thousand points take a few hundredths of a second.
 */
export class ScatterStrip {
  private readonly canvas: HTMLCanvasElement;
  private readonly ring: HTMLElement;
  private readonly observer: ResizeObserver;
  private readonly stops: (() => void)[] = [];
  private points: ScatterPoints = { x: [], y: [], marked: [] };
  private mean: Float64Array = new Float64Array(0);
  private xExtent: [number, number] = [0, 1];
  private yExtent: [number, number] = [0, 1];
  private ink: ChartInk;
  private queued = 0;
  private hovered: number | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly events: ScatterEvents,
  ) {
    this.canvas = host.appendChild(document.createElement('canvas'));
    this.ring = host.appendChild(document.createElement('div'));
    for (const part of [this.canvas, this.ring]) part.setAttribute('aria-hidden', 'true');
    Object.assign(this.canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.ink = readInk(host);
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(host);
    this.on('pointermove', (event) => this.point(this.near(event)));
    this.on('pointerleave', () => this.point(null));
    this.on('click', (event) => {
      const index = this.near(event);
      if (index !== null) this.events.pick(index);
    });
  }

  /** Shows points, with the mean of `window` neighbours. */
  show(points: ScatterPoints, window: number): void {
    this.points = points;
    this.mean = runningMean(points.y, window);
    this.xExtent = finiteExtent(points.x) ?? [0, 1];
    this.yExtent = paddedExtent(finiteExtent(points.y));
    this.point(null);
    this.redraw();
  }

  restyle(): void {
    this.ink = readInk(this.host);
    this.redraw();
  }

  destroy(): void {
    cancelAnimationFrame(this.queued);
    this.observer.disconnect();
    for (const stop of this.stops) stop();
    this.canvas.remove();
    this.ring.remove();
  }

  private x(value: number): number {
    const [low, high] = this.xExtent;
    const room = this.host.clientWidth - MARGIN.left - MARGIN.right;
    return MARGIN.left + (high > low ? ((value - low) / (high - low)) * room : room / 2);
  }

  private y(value: number): number {
    const [low, high] = this.yExtent;
    const room = this.host.clientHeight - MARGIN.top - MARGIN.bottom;
    return MARGIN.top + (1 - (value - low) / (high - low)) * room;
  }

  private redraw(): void {
    cancelAnimationFrame(this.queued);
    this.queued = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const { ink, host } = this;
    const [width, height] = [host.clientWidth, host.clientHeight];
    if (width === 0 || height === 0) return;
    const context = fitCanvas(this.canvas, width, height);
    if (!context) return;
    this.drawAxes(context, width, height);
    const { x, y, marked } = this.points;
    const many = x.length > 5000;
    context.fillStyle = ink.faint;
    context.globalAlpha = many ? 0.25 : 0.5;
    const size = many ? 1.5 : 2.5;
    for (let i = 0; i < x.length; i++) {
      if (marked[i] !== 1 && Number.isFinite(y[i]))
        context.fillRect(this.x(x[i]!) - size / 2, this.y(y[i]!) - size / 2, size, size);
    }
    context.globalAlpha = 1;
    this.drawMean(context);
    context.fillStyle = ink.accent;
    context.strokeStyle = ink.surface;
    for (let i = 0; i < x.length; i++) {
      if (marked[i] !== 1 || !Number.isFinite(y[i])) continue;
      context.beginPath();
      context.arc(this.x(x[i]!), this.y(y[i]!), 4, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  private drawAxes(context: CanvasRenderingContext2D, width: number, height: number): void {
    const { ink } = this;
    context.font = ink.font;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const tick of ticksOf(this.yExtent, Math.max(2, Math.floor(height / 30)))) {
      const at = Math.round(this.y(tick)) + 0.5;
      context.fillStyle = tick === 0 ? ink.line : ink.grid;
      context.fillRect(MARGIN.left, at - 0.5, width - MARGIN.left - MARGIN.right, 1);
      context.fillStyle = ink.faint;
      context.fillText(valueText(tick, 4), MARGIN.left - 8, at);
    }
    context.textBaseline = 'alphabetic';
    context.textAlign = 'center';
    for (const tick of ticksOf(this.xExtent, Math.max(2, Math.floor(width / 140)))) {
      const half = 22;
      context.fillText(valueText(tick, 6), Math.min(width - half, Math.max(half, this.x(tick))), height - 4);
    }
  }

  private drawMean(context: CanvasRenderingContext2D): void {
    const { x } = this.points;
    context.strokeStyle = this.ink.soft;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    // One point a pixel says all that a mean has to say.
    let lastX = -Infinity;
    for (let i = 0; i < x.length; i++) {
      const at = this.x(x[i]!);
      if (!Number.isFinite(this.mean[i]) || (at - lastX < 1 && i < x.length - 1)) continue;
      if (lastX === -Infinity) context.moveTo(at, this.y(this.mean[i]!));
      else context.lineTo(at, this.y(this.mean[i]!));
      lastX = at;
    }
    context.stroke();
    context.lineWidth = 1;
  }

  private near(event: MouseEvent): number | null {
    const box = this.host.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    const { x, y, marked } = this.points;
    let best: number | null = null;
    let bestDistance = REACH ** 2;
    for (let i = 0; i < x.length; i++) {
      if (marked[i] !== 1) continue;
      const distance = (this.x(x[i]!) - px) ** 2 + (this.y(y[i]!) - py) ** 2;
      if (distance < bestDistance) [best, bestDistance] = [i, distance];
    }
    return best;
  }

  private point(index: number | null): void {
    const at = index === null ? null : { x: this.x(this.points.x[index]!), y: this.y(this.points.y[index]!) };
    this.host.style.cursor = index === null ? '' : 'pointer';
    Object.assign(this.ring.style, {
      display: at ? 'block' : 'none',
      position: 'absolute',
      left: `${(at?.x ?? 0) - 8}px`,
      top: `${(at?.y ?? 0) - 8}px`,
      width: '16px',
      height: '16px',
      border: `2px solid ${this.ink.ink}`,
      borderRadius: '50%',
      pointerEvents: 'none',
    });
    if (index !== this.hovered) this.events.hover(index, at);
    this.hovered = index;
  }

  private on(name: 'pointermove' | 'pointerleave' | 'click', run: (event: MouseEvent) => void): void {
    this.host.addEventListener(name, run);
    this.stops.push(() => this.host.removeEventListener(name, run));
  }
}

/** About `count` round numbers within an extent. */
export function ticksOf([low, high]: [number, number], count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    ticks.push(Number((i * step).toPrecision(12)) + 0);
  }
  return ticks;
}
