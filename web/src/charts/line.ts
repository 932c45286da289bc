import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { paintLines, type Plane } from './paint_lines';
import {
  indexAt,
  nearestIndex,
  padded,
  reachOf,
  shownValue,
  xExtent,
  yExtent,
  type Extent,
  type LineSeries,
} from './series';
import { logTick, SPAN_STEPS, xTicks, yTick, type XKind } from './ticks';

/** How a chart is scaled. */
export interface LineScale {
  x: XKind;
  /** Logarithmic y. Values at or below zero cannot be shown then, and make gaps. */
  log: boolean;
  /** Part of x that is shown; null for all of it. */
  range: Extent | null;
}

/** What a chart reports. */
export interface LineEvents {
  /** A range of x was marked, or null: all of it. The chart does not zoom by itself. */
  zoom(range: Extent | null): void;
  /** The pointer is at `x`, on the series of that id, and a click would mean `meant`; null when it left. */
  hover(at: { x: number; series: string | null; meant: LineSeries | null } | null): void;
  /** A point was clicked. */
  pick(series: string, index: number): void;
}

/** The pointer brings a series out when it is no farther from its line than this, in CSS pixels. */
const NEAR_PX = 28;
/** A click means the nearest series up to here. */
const PICK_PX = 80;
const AXIS_WIDTH_PX = 46;
const AXIS_HEIGHT_PX = 24;
const DOT_PX = 7;
const TAP_PX = 24;
const DOUBLE_CLICK_MS = 260;

/**
 * A chart of lines on a canvas: axes, grid, marking and cursor by uPlot, bands and lines by `paintLines`.
 *
 * It knows columns and pixels only. Feed it with `setSeries` and `setScale`; it answers by events.
 */
export class LineChart {
  readonly #host: HTMLElement;
  readonly #events: LineEvents;
  #plot: uPlot | null = null;
  #dots: HTMLElement[] = [];
  #series: readonly LineSeries[] = [];
  #scale: LineScale = { x: 'step', log: false, range: null };
  #x: Extent = [0, 1];
  #y: Extent = [0, 1];
  #emphasised: string | null = null;
  /** True while the cursor is moved by us rather than by the pointer. */
  #leading = false;
  #pointer = 'mouse';
  #tapped: Extent | null = null;
  #clicked: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, events: LineEvents) {
    this.#host = host;
    this.#events = events;
  }

  /** Draws these series. */
  setSeries(series: readonly LineSeries[]): void {
    this.#series = series;
    this.#refresh();
  }

  setScale(scale: LineScale): void {
    const before = this.#scale;
    const rebuild = scale.x !== before.x || scale.log !== before.log;
    const moved = scale.range?.[0] !== before.range?.[0] || scale.range?.[1] !== before.range?.[1];
    this.#scale = scale;
    if (!rebuild && !moved) return;
    if (rebuild) this.#drop();
    this.#refresh();
  }

  /** Brings one series to the front; null for none. */
  emphasise(series: string | null): void {
    if (series === this.#emphasised) return;
    this.#emphasised = series;
    this.#plot?.redraw(false);
  }

  /** Follows the size of the host. */
  resize(): void {
    const { width, height } = this.#size();
    if (width === 0 || height === 0) return;
    if (this.#plot) this.#plot.setSize({ width, height });
    else this.#refresh();
  }

  /** Takes the colours of the page anew, after the theme changed. */
  restyle(): void {
    this.#drop();
    this.#refresh();
  }

  /** Puts the cursor at a value of x; null hides it. Reports nothing. */
  point(x: number | null): void {
    const plot = this.#plot;
    if (!plot) return;
    this.#leading = true;
    const inside = x !== null && x >= this.#x[0] && x <= this.#x[1];
    plot.setCursor(inside ? { left: plot.valToPos(x, 'x'), top: 0 } : { left: -10, top: -10 }, false);
    this.#leading = false;
    this.#placeDots(inside ? x : null);
  }

  /** The range of x that is seen. */
  get visible(): Extent {
    return this.#x;
  }

  /** How far from a point the cursor may be and still mean it, in units of x. */
  get reach(): number {
    const pixels = this.#plot?.bbox.width ?? 0;
    return pixels > 0 ? ((this.#x[1] - this.#x[0]) * 8 * devicePixelRatio) / pixels : 0;
  }

  destroy(): void {
    clearTimeout(this.#clicked);
    this.#drop();
  }

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  #drop(): void {
    this.#plot?.destroy();
    this.#plot = null;
    this.#dots = [];
  }

  #refresh(): void {
    const { log, range } = this.#scale;
    const extent = xExtent(this.#series);
    if (!extent) {
      // Axes of nothing would only show made-up numbers.
      this.#drop();
      return;
    }
    const all = range ?? extent;
    this.#x = all[0] === all[1] ? [all[0] - 0.5, all[1] + 0.5] : all;
    this.#y = padded(yExtent(this.#series, this.#x, log) ?? (log ? [0.1, 10] : [0, 1]), log);
    // uPlot is given the corners only: they set its scales, and the lines are ours.
    const corners: uPlot.AlignedData = [[...this.#x], [...this.#y]];
    if (this.#plot) this.#plot.setData(corners);
    else if (this.#size().width > 0) this.#plot = this.#build(corners);
  }

  #build(corners: uPlot.AlignedData): uPlot {
    const style = getComputedStyle(this.#host);
    const token = (name: string) => style.getPropertyValue(name).trim();
    const kind = this.#scale.x;
    const axis: uPlot.Axis = {
      stroke: token('--ink-faint'),
      font: `11px ${style.fontFamily}`,
      grid: { stroke: token('--grid'), width: 1 },
      ticks: { show: false },
      gap: 6,
    };
    const options: uPlot.Options = {
      ...this.#size(),
      padding: [8, 18, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [...this.#x] },
        y: { distr: this.#scale.log ? 3 : 1, range: () => [...this.#y] },
      },
      axes: [
        {
          ...axis,
          size: AXIS_HEIGHT_PX,
          space: 72,
          ...(kind === 'step' ? {} : { incrs: [...SPAN_STEPS] }),
          values: (_plot, ticks, _axis, _space, step) => xTicks(kind, ticks, step),
        },
        {
          ...axis,
          size: AXIS_WIDTH_PX,
          space: 34,
          values: (_plot, ticks, _axis, _space, step) =>
            ticks.map((tick) => (tick === null ? '' : this.#scale.log ? logTick(tick) : yTick(tick, step))),
        },
      ],
      series: [{}, { scale: 'y', paths: () => null, points: { show: false } }],
      cursor: {
        x: true,
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: 6 },
        bind: {
          dblclick: () => () => {
            clearTimeout(this.#clicked);
            this.#events.zoom(null);
            return null;
          },
        },
      },
      hooks: {
        draw: [(plot) => this.#paint(plot)],
        setSelect: [(plot) => this.#select(plot)],
        setCursor: [(plot) => this.#hover(plot)],
      },
    };
    const plot = new uPlot(options, corners, this.#host);
    plot.over.addEventListener('pointerdown', (event) => (this.#pointer = event.pointerType));
    plot.over.addEventListener('click', (event) => this.#click(plot, event));
    return plot;
  }

  #paint(plot: uPlot): void {
    const { left, top, width, height } = plot.bbox;
    const [xFrom, xTo] = this.#x;
    const transform = this.#scale.log ? (y: number) => Math.log10(y > 0 ? y : NaN) : (y: number) => y;
    const [yFrom, yTo] = [transform(this.#y[0]), transform(this.#y[1])];
    const plane: Plane = {
      left,
      top,
      width,
      height,
      xFrom,
      xTo,
      xFromValue: (x) => left + ((x - xFrom) / (xTo - xFrom)) * width,
      yFromValue: (y) => top + height - ((transform(y) - yFrom) / (yTo - yFrom)) * height,
      ratio: devicePixelRatio,
    };
    paintLines(plot.ctx, plane, this.#series, this.#emphasised);
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width <= 0) return;
    const range: Extent = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#events.zoom(range);
  }

  #hover(plot: uPlot): void {
    if (this.#leading) return;
    const { left, top } = plot.cursor;
    if (left === undefined || top === undefined || left < 0) {
      this.#placeDots(null);
      this.#events.hover(null);
      return;
    }
    const x = plot.posToVal(left, 'x');
    this.#placeDots(x);
    const series = this.#nearest(plot, x, top, NEAR_PX)?.id ?? null;
    this.#events.hover({ x, series, meant: this.#nearest(plot, x, top, PICK_PX) });
  }

  /** The series whose line at `x` is nearest to a height, if it is near enough. */
  #nearest(plot: uPlot, x: number, top: number, withinPx: number): LineSeries | null {
    let best: LineSeries | null = null;
    let bestPx = withinPx;
    for (const series of this.#series) {
      const y = shownValue(series, indexAt(series, x, reachOf(series, this.reach)));
      const distance = Number.isFinite(y) ? Math.abs(plot.valToPos(y, 'y') - top) : Infinity;
      if (distance < bestPx) [best, bestPx] = [series, distance];
    }
    return best;
  }

  #click(plot: uPlot, event: MouseEvent): void {
    const box = plot.over.getBoundingClientRect();
    const at: Extent = [event.clientX - box.left, event.clientY - box.top];
    const x = plot.posToVal(at[0], 'x');
    const series = this.#nearest(plot, x, at[1], PICK_PX);
    // A finger has no hover: its first tap shows the values, a second one there picks.
    const isSecondTap =
      this.#tapped !== null && Math.hypot(at[0] - this.#tapped[0], at[1] - this.#tapped[1]) < TAP_PX;
    this.#tapped = this.#pointer === 'touch' && !isSecondTap ? at : null;
    if (!series || this.#tapped) return;
    const pick = () => this.#events.pick(series.id, nearestIndex(series.x, x));
    clearTimeout(this.#clicked);
    // While zoomed, a second click means: all of it again.
    if (this.#scale.range) this.#clicked = setTimeout(pick, DOUBLE_CLICK_MS);
    else pick();
  }

  /** A dot on every line at the cursor. */
  #placeDots(x: number | null): void {
    const plot = this.#plot;
    if (!plot) return;
    let used = 0;
    for (const series of x === null ? [] : this.#series) {
      const index = indexAt(series, x!, reachOf(series, this.reach));
      const y = shownValue(series, index);
      const top = Number.isFinite(y) ? plot.valToPos(y, 'y') : NaN;
      if (!Number.isFinite(top)) continue;
      const dot = (this.#dots[used] ??= newDot(plot.over));
      const left = plot.valToPos(series.x[index], 'x');
      dot.style.transform = `translate(${left - DOT_PX / 2}px, ${top - DOT_PX / 2}px)`;
      dot.style.background = series.colour;
      dot.hidden = false;
      used += 1;
    }
    for (const dot of this.#dots.slice(used)) dot.hidden = true;
  }
}

function newDot(parent: HTMLElement): HTMLElement {
  const dot = document.createElement('div');
  dot.className = 'line-dot';
  parent.append(dot);
  return dot;
}
