import { Axis } from './axis';
import { drawQueue, type Drawable } from './draw_queue';
import { fitCanvas } from './ink';
import { LinePointer, type PointerTarget } from './line_pointer';
import { MARGIN, paintAxes } from './paint_axes';
import { paintLines } from './paint_lines';
import {
  indexAt,
  innerExtent,
  nearestIndex,
  padded,
  reachOf,
  shownValue,
  unseen,
  xExtent,
  yExtent,
  type Extent,
  type LineSeries,
  type Unseen,
} from './series';
import type { LineX } from './ticks';

/** How a chart is scaled. */
export interface LineScale {
  x: LineX;
  /** Logarithmic x. Places at or below zero cannot be shown then. */
  xLog?: boolean;
  /** Logarithmic y. Values at or below zero cannot be shown then, and make gaps. */
  log: boolean;
  /** Part of x that is shown; null for all of it. */
  range: Extent | null;
  /** Part of y that is shown; null for what the lines need. */
  y?: Extent | null;
  /** Percent of the values that y may leave out at either end while `y` is null. */
  outliers?: number;
}

/** What a chart reports. */
export interface LineEvents {
  /** A range of x was marked, or null: all of it. The chart does not zoom by itself. */
  zoom(range: Extent | null): void;
  /** The same of y. */
  zoomY(range: Extent | null): void;
  /** The pointer is there, on the series of that id, and a click would mean `meant`; null when it left. */
  hover(
    at: {
      x: number;
      place: readonly [left: number, top: number];
      series: string | null;
      meant: LineSeries | null;
    } | null,
  ): void;
  /** A point was clicked. */
  pick(series: string, index: number): void;
  /** What was just drawn does not show so many points. */
  drawn(counts: Unseen): void;
}

type Inks = Record<'grid' | 'faint' | 'accent' | 'cursor' | 'surface' | 'font', string>;

/** The pointer brings a series out when it is no farther from its line than this, in CSS pixels. */
const NEAR_PX = 28;
/** A click means the nearest series up to here. */
const PICK_PX = 80;
const DOT_PX = 3.5;
const TAP_PX = 24;
const REACH_PX = 8;
const DOUBLE_CLICK_MS = 260;
/** Linked charts with more lines than this show the place of the cursor, but no dots. */
const DOTS_MAX = 40;

/**
 * A chart of lines on two canvases: axes and lines below, which many charts draw in turn, and cursor, dots and marking above, which
 * follow the pointer at once.
 *
 * It knows columns and pixels only. Feed it with `setSeries` and `setScale`; it answers by events.
 */
export class LineChart implements Drawable, PointerTarget {
  readonly #host: HTMLElement;
  readonly #events: LineEvents;
  readonly #below = document.createElement('canvas');
  readonly #above = document.createElement('canvas');
  readonly #pointer: LinePointer;
  #series: readonly LineSeries[] = [];
  #scale: Required<LineScale> = { x: 'step', xLog: false, log: false, range: null, y: null, outliers: 0 };
  #x: Extent = [0, 1];
  #axes: { x: Axis; y: Axis } | null = null;
  /** The y axis as it was found for the lines, and for which range of x. */
  #fitted: { y: Extent; counts: Unseen } | null = null;
  #emphasised: string | null = null;
  #cursor: number | null = null;
  /** The pointer is on this chart. */
  #leads = false;
  #mark: { axis: 'x' | 'y'; from: number; to: number } | null = null;
  #tapped: readonly [number, number] | null = null;
  #clicked: ReturnType<typeof setTimeout> | undefined;
  #moving: readonly [number, number] | null = null;
  #moveScheduled = false;
  #overlayScheduled = false;
  #gone = false;
  #ink: Inks | null = null;

  constructor(host: HTMLElement, events: LineEvents) {
    this.#host = host;
    this.#events = events;
    this.#below.className = 'line-below';
    this.#above.className = 'line-above';
    for (const canvas of [this.#below, this.#above]) {
      canvas.setAttribute('aria-hidden', 'true');
      host.append(canvas);
    }
    this.#pointer = new LinePointer(this.#above, this);
  }

  /** Draws these series. */
  setSeries(series: readonly LineSeries[]): void {
    const before = this.#series;
    if (before.length === series.length && series.every((one, i) => one === before[i])) return;
    this.#series = series;
    this.#refresh();
  }

  setScale({ x, log, range, xLog = false, y = null, outliers = 0 }: LineScale): void {
    const scale = { x, log, range, xLog, y, outliers };
    const before = this.#scale;
    const same =
      scale.x === before.x &&
      scale.xLog === before.xLog &&
      scale.log === before.log &&
      scale.outliers === before.outliers &&
      sameExtent(scale.range, before.range) &&
      sameExtent(scale.y, before.y);
    if (same) return;
    this.#scale = scale;
    this.#refresh();
  }

  /** Brings one series to the front; null for none. */
  emphasise(series: string | null): void {
    if (series === this.#emphasised) return;
    this.#emphasised = series;
    drawQueue.request(this);
  }

  /** Follows the size of the host. */
  resize(): void {
    this.#refresh();
  }

  /** Takes the colours of the page anew, after the theme changed. */
  restyle(): void {
    this.#ink = null;
    drawQueue.request(this);
  }

  /** Puts the cursor at a value of x; null hides it. Reports nothing. */
  point(x: number | null): void {
    if (x === this.#cursor) return;
    this.#cursor = x;
    this.#drawAboveSoon();
  }

  /** The range of x that is seen. */
  get visible(): Extent {
    return this.#x;
  }

  get axes(): { x: Axis; y: Axis } | null {
    return this.#axes;
  }

  /** How far from a point the cursor may be and still mean it, in units of x. */
  get reach(): number {
    const x = this.#axes?.x;
    if (!x) return 0;
    const at = this.#cursor === null ? x.end : x.pixelFromValue(this.#cursor);
    return Math.abs(x.valueFromPixel(at) - x.valueFromPixel(at - REACH_PX));
  }

  get cost(): number {
    const { width } = this.#size();
    return this.#series.reduce((sum, { x }) => sum + Math.min(x.length, 2 * width), 0);
  }

  destroy(): void {
    this.#gone = true;
    clearTimeout(this.#clicked);
    drawQueue.cancel(this);
    this.#pointer.dispose();
    this.#below.remove();
    this.#above.remove();
  }

  /** For the queue: draws axes and lines. */
  draw(): void {
    if (this.#gone) return;
    this.#layOut();
    const { width, height } = this.#size();
    if (width === 0 || height === 0) return;
    const context = fitCanvas(this.#below, width, height);
    if (!context || !this.#axes) return;
    paintAxes(context, this.#axes.x, this.#axes.y, this.#scale.x, this.#inks());
    paintLines(context, this.#axes, this.#series, this.#emphasised);
    this.#drawAboveSoon();
    if (this.#fitted) this.#events.drawn(this.#fitted.counts);
  }

  moved(at: readonly [number, number] | null): void {
    this.#moving = at;
    if (this.#moveScheduled) return;
    this.#moveScheduled = true;
    requestAnimationFrame(() => {
      this.#moveScheduled = false;
      if (!this.#gone) this.#hover(this.#moving);
    });
  }

  clicked(at: readonly [number, number], touch: boolean): void {
    const axes = this.#axes;
    if (!axes) return;
    const x = axes.x.valueFromPixel(at[0]);
    const series = this.#nearest(x, at[1], PICK_PX);
    // A finger has no hover: its first tap shows the values, a second one there picks.
    const isSecondTap =
      this.#tapped !== null && Math.hypot(at[0] - this.#tapped[0], at[1] - this.#tapped[1]) < TAP_PX;
    this.#tapped = touch && !isSecondTap ? at : null;
    if (touch) this.moved(at);
    if (!series || this.#tapped) return;
    const pick = () => this.#events.pick(series.id, nearestIndex(series.x, x));
    clearTimeout(this.#clicked);
    // While zoomed, a second click means: all of it again.
    if (this.#scale.range || this.#scale.y) this.#clicked = setTimeout(pick, DOUBLE_CLICK_MS);
    else pick();
  }

  marked(mark: { axis: 'x' | 'y'; from: number; to: number } | null): void {
    this.#mark = mark;
    this.#drawAboveSoon();
  }

  zoomX(range: Extent | null): void {
    clearTimeout(this.#clicked);
    this.#events.zoom(range);
  }

  zoomY(range: Extent | null): void {
    clearTimeout(this.#clicked);
    this.#events.zoomY(range);
  }

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  /** Read once a theme: to ask for computed style again in every frame would lay out the page in every frame. */
  #inks(): Inks {
    if (this.#ink) return this.#ink;
    const style = getComputedStyle(this.#host);
    const token = (name: string) => style.getPropertyValue(name).trim();
    return (this.#ink = {
      grid: token('--grid'),
      faint: token('--ink-faint'),
      accent: token('--accent'),
      cursor: token('--cursor'),
      surface: token('--surface'),
      font: `11px ${style.fontFamily}`,
    });
  }

  #refresh(): void {
    this.#fitted = null;
    this.#axes = null;
    if (this.#gone) return;
    const all = this.#scale.range ?? xExtent(this.#series, this.#scale.xLog);
    if (all) this.#x = wide(all, this.#scale.xLog);
    drawQueue.request(this);
  }

  /** Finds the axes for what is to be drawn; none where there is nothing, since axes of nothing would only show made-up numbers. */
  #layOut(): void {
    const { width, height } = this.#size();
    const { log, xLog, y, outliers } = this.#scale;
    if (this.#axes || width === 0 || height === 0 || !xExtent(this.#series, xLog)) return;
    const x = this.#x;
    const needed = outliers > 0 ? innerExtent(this.#series, x, outliers, log) : yExtent(this.#series, x, log);
    const fitted = padded(needed ?? (log ? [0.1, 10] : [0, 1]), log);
    const range: Extent =
      y && (!log || y[0] > 0) ? y : y && y[1] > 0 ? [Math.min(fitted[0], y[1] / 10), y[1]] : fitted;
    this.#fitted = { y: range, counts: unseen(this.#series, x, range, log) };
    this.#axes = {
      x: new Axis(x, xLog, MARGIN.left, Math.max(MARGIN.left + 1, width - MARGIN.right)),
      y: new Axis(range, log, Math.max(MARGIN.top + 1, height - MARGIN.bottom), MARGIN.top),
    };
  }

  #hover(at: readonly [number, number] | null): void {
    if (!at) {
      this.#leads = false;
      this.point(null);
      this.#events.hover(null);
      return;
    }
    const axes = this.#axes;
    if (!axes) return;
    this.#leads = true;
    drawQueue.lead(this);
    const x = axes.x.valueFromPixel(at[0]);
    this.point(x);
    const meant = this.#nearest(x, at[1], PICK_PX);
    const series = this.#nearest(x, at[1], NEAR_PX)?.id ?? null;
    this.#events.hover({ x, place: at, series, meant });
  }

  /** The series whose line at `x` is nearest to a height, if it is near enough. */
  #nearest(x: number, top: number, withinPx: number): LineSeries | null {
    const y = this.#axes?.y;
    if (!y) return null;
    const { reach } = this;
    let best: LineSeries | null = null;
    let bestPx = withinPx;
    for (const series of this.#series) {
      const distance = Math.abs(
        y.pixelFromValue(shownValue(series, indexAt(series, x, reachOf(series, reach)))) - top,
      );
      // Not so for NaN.
      if (distance < bestPx) [best, bestPx] = [series, distance];
    }
    return best;
  }

  #drawAboveSoon(): void {
    if (this.#overlayScheduled) return;
    this.#overlayScheduled = true;
    requestAnimationFrame(() => {
      this.#overlayScheduled = false;
      if (!this.#gone) this.#drawAbove();
    });
  }

  /** Draws cursor, dots and what is being marked. */
  #drawAbove(): void {
    const { width, height } = this.#size();
    const axes = this.#axes;
    const context = fitCanvas(this.#above, width, height);
    if (!context || !axes) return;
    const ink = this.#inks();
    const { x, y } = axes;
    if (this.#mark) {
      const { axis, from, to } = this.#mark;
      context.fillStyle = ink.accent;
      context.globalAlpha = 0.16;
      if (axis === 'x')
        context.fillRect(Math.max(x.start, Math.min(from, to)), y.end, Math.abs(to - from), y.start - y.end);
      else context.fillRect(x.start, Math.min(from, to), x.end - x.start, Math.abs(to - from));
      context.globalAlpha = 1;
    }
    const cursor = this.#cursor;
    if (cursor === null || cursor < x.from || cursor > x.to) return;
    const at = Math.round(x.pixelFromValue(cursor)) + 0.5;
    context.strokeStyle = ink.cursor;
    context.beginPath();
    context.moveTo(at, y.end);
    context.lineTo(at, y.start);
    context.stroke();
    if (!this.#leads && this.#series.length > DOTS_MAX) return;
    context.strokeStyle = ink.surface;
    const { reach } = this;
    for (const series of this.#series) {
      const index = indexAt(series, cursor, reachOf(series, reach));
      const top = y.pixelFromValue(shownValue(series, index));
      if (!(top >= y.end - 1 && top <= y.start + 1)) continue;
      context.fillStyle = series.colour;
      context.beginPath();
      context.arc(x.pixelFromValue(series.x[index]), top, DOT_PX, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }
}

/** A range of x that is never empty. */
function wide([low, high]: Extent, log: boolean): Extent {
  if (low < high) return log && low <= 0 ? [Math.min(high / 10, 1), high] : [low, high];
  return log ? [low / 2, low * 2] : [low - 0.5, high + 0.5];
}

function sameExtent(a: Extent | null, b: Extent | null): boolean {
  return a === b || (a !== null && b !== null && a[0] === b[0] && a[1] === b[1]);
}
