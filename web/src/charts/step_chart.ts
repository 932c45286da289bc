import { HostCanvas } from './host_canvas';
import { readInk, type ChartInk } from './ink';
import {
  finiteExtent,
  minMaxColumns,
  paddedExtent,
  pixelFromStep,
  stepFromPixel,
  type StepScale,
} from './step_scale';

/** Values of one field over the steps of an episode; NaN is drawn as a gap. */
export interface StepSeries {
  values: ArrayLike<number>;
  /** Step of the first value. */
  start: number;
  /** `area` for what has a meaningful zero, `bars` for rare events such as rewards, `line` otherwise. */
  shape: 'line' | 'area' | 'bars';
  /** CSS colour; the accent when left out. */
  colour?: string;
}

/** A line over a series, for example its moving average. */
export interface StepTrend {
  values: ArrayLike<number>;
  /** Step of the first value. */
  start: number;
  /** Scaled by itself: where the series is rare events, its average would lie flat on zero. */
  ownScale: boolean;
}

export interface StepChartEvents {
  /** The reader clicked or dragged to a step. `dragging` is false for the last call of a drag. */
  seek(step: number, dragging: boolean): void;
  /** The pointer is over a step, or null when it left. */
  hover(step: number | null): void;
  /** The reader marked a stretch with shift held. */
  mark?(from: number, to: number): void;
}

/**
 * One field against step. The line is drawn once; the playhead is an element above it that only moves, so that playing
 * costs no drawing.
 *
 * The host must be positioned; the chart fills it and follows its size.
 */
export class StepChart {
  private readonly canvas: HostCanvas;
  private readonly playhead: HTMLElement;
  private readonly pointer: HTMLElement;
  private readonly band: HTMLElement;
  private readonly stops: (() => void)[] = [];
  private series: StepSeries | null = null;
  private trend: StepTrend | null = null;
  private hovered: number | null = null;
  private range: [number, number] = [0, 0];
  private step = 0;
  private loop: [number, number] | null = null;
  private ink: ChartInk;
  private width = 0;
  private height = 0;

  constructor(
    private readonly host: HTMLElement,
    private readonly events: StepChartEvents,
  ) {
    this.canvas = new HostCanvas(
      host,
      (context) => this.draw(context),
      (width, height) => this.resize(width, height),
    );
    this.band = above(host);
    this.pointer = above(host);
    this.playhead = above(host);
    this.ink = readInk(host);
    this.paintOverlays();
    this.listen();
  }

  /** Smallest and largest value in view, for labels beside the chart. */
  extent(): [number, number] | null {
    return this.series ? finiteExtent(this.series.values) : null;
  }

  /** Shows other values over the steps `from` to `to`, both included. */
  show(series: StepSeries | null, from: number, to: number, trend: StepTrend | null = null): void {
    this.series = series;
    this.trend = trend;
    this.range = [from, to];
    this.canvas.redraw();
    this.place();
  }

  setPlayhead(step: number): void {
    if (step === this.step) return;
    this.step = step;
    this.place();
  }

  /** Marks the step under the pointer, here or on another chart of the same steps. */
  setHover(step: number | null): void {
    if (step === this.hovered) return;
    this.hovered = step;
    this.place();
  }

  /** Shades the stretch that playing repeats. */
  setLoop(loop: [number, number] | null): void {
    this.loop = loop;
    this.place();
  }

  /** The theme changed. */
  restyle(): void {
    this.ink = readInk(this.host);
    this.paintOverlays();
    this.canvas.redraw();
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.canvas.destroy();
    this.band.remove();
    this.pointer.remove();
    this.playhead.remove();
  }

  private get scale(): StepScale {
    return { from: this.range[0], to: this.range[1], width: this.width };
  }

  private resize(width: number, height: number): void {
    [this.width, this.height] = [width, height];
    this.place();
  }

  private draw(context: CanvasRenderingContext2D): void {
    const { width, height, series, ink } = this;
    if (!series || width === 0) return;
    const [low, high] = paddedExtent(finiteExtent(series.values));
    const y = (value: number) => height - 1 - ((value - low) / (high - low)) * (height - 2);
    const zero = Math.min(height - 0.5, Math.max(0.5, Math.round(y(0)) + 0.5));
    if (low <= 0 && high >= 0) {
      context.fillStyle = ink.line;
      context.fillRect(0, Math.round(y(0)), width, 1);
    }
    context.strokeStyle = context.fillStyle = series.colour ?? ink.accent;
    context.lineWidth = 1.25;
    context.lineJoin = 'round';
    const steps = this.range[1] - this.range[0] + 1;
    if (steps > width * 2) this.drawDense(context, series, y, zero);
    else this.drawSparse(context, series, y, zero);
    if (this.trend) this.drawTrend(context, this.trend, y);
  }

  /** One point a pixel says all that an average has to say. */
  private drawTrend(
    context: CanvasRenderingContext2D,
    { values, start, ownScale }: StepTrend,
    shared: (value: number) => number,
  ): void {
    const [low, high] = paddedExtent(finiteExtent(values));
    const own = (value: number) => this.height - 1 - ((value - low) / (high - low)) * (this.height - 2);
    const y = ownScale ? own : shared;
    context.strokeStyle = this.ink.signal;
    context.lineWidth = 1.5;
    context.beginPath();
    let lastX = -Infinity;
    let open = false;
    for (let i = Math.max(0, this.range[0] - start); i < values.length && start + i <= this.range[1]; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) {
        open = false;
        continue;
      }
      const x = pixelFromStep(this.scale, start + i);
      if (open && x - lastX < 1) continue;
      if (open) context.lineTo(x, y(value));
      else context.moveTo(x, y(value));
      open = true;
      lastX = x;
    }
    context.stroke();
  }

  /** More steps than pixels: one bar from smallest to largest a column of pixels, joined to the next. */
  private drawDense(
    context: CanvasRenderingContext2D,
    series: StepSeries,
    y: (value: number) => number,
    zero: number,
  ): void {
    const columns = Math.floor(this.width);
    const thin = minMaxColumns(series.values, series.start, this.range[0], this.range[1], columns);
    context.beginPath();
    let open = false;
    for (let x = 0; x < columns; x++) {
      if (thin.count[x] === 0) {
        open = false;
        continue;
      }
      const [top, bottom] = [y(thin.max[x]!), y(thin.min[x]!)];
      if (series.shape !== 'line') {
        const [from, to] = [Math.min(top, zero), Math.max(bottom, zero)];
        if (series.shape === 'bars') context.fillRect(x, from, 1, Math.max(to - from, 0.5));
        else {
          context.globalAlpha = 0.16;
          context.fillRect(x, from, 1, to - from);
          context.globalAlpha = 1;
        }
      }
      if (series.shape === 'bars') continue;
      if (open) context.lineTo(x + 0.5, y(thin.first[x]!));
      else context.moveTo(x + 0.5, y(thin.first[x]!));
      context.lineTo(x + 0.5, top);
      context.lineTo(x + 0.5, bottom + 0.5);
      context.lineTo(x + 0.5, y(thin.last[x]!));
      open = true;
    }
    context.stroke();
  }

  private drawSparse(
    context: CanvasRenderingContext2D,
    series: StepSeries,
    y: (value: number) => number,
    zero: number,
  ): void {
    const { scale } = this;
    const { values, start, shape } = series;
    const begin = Math.max(0, this.range[0] - start);
    const end = Math.min(values.length - 1, this.range[1] - start);
    const gap = scale.to > scale.from ? this.width / (scale.to - scale.from) : this.width;
    if (shape === 'bars') {
      const wide = Math.max(1.5, Math.min(8, gap * 0.6));
      for (let i = begin; i <= end; i++) {
        const value = values[i]!;
        if (!Number.isFinite(value) || value === 0) continue;
        const x = pixelFromStep(scale, start + i) - wide / 2;
        const at = y(value);
        context.fillRect(x, Math.min(at, zero), wide, Math.max(1, Math.abs(at - zero)));
      }
      return;
    }
    const line = new Path2D();
    const area = new Path2D();
    let from: number | null = null;
    let last = 0;
    for (let i = begin; i <= end + 1; i++) {
      const value = i <= end ? values[i]! : NaN;
      const x = pixelFromStep(scale, start + i);
      if (!Number.isFinite(value)) {
        if (from !== null) {
          area.lineTo(last, zero);
          area.closePath();
          // A value on its own would be a line of no length.
          if (last === from) context.fillRect(last - 1, y(values[i - 1]!) - 1, 2, 2);
        }
        from = null;
        continue;
      }
      if (from === null) {
        from = x;
        line.moveTo(x, y(value));
        area.moveTo(x, zero);
        area.lineTo(x, y(value));
      } else {
        line.lineTo(x, y(value));
        area.lineTo(x, y(value));
      }
      last = x;
    }
    if (shape === 'area') {
      context.globalAlpha = 0.16;
      context.fill(area);
      context.globalAlpha = 1;
    }
    context.stroke(line);
  }

  private place(): void {
    const x = pixelFromStep(this.scale, this.step);
    this.playhead.style.transform = `translateX(${x.toFixed(2)}px)`;
    this.playhead.style.display = this.width > 0 ? 'block' : 'none';
    const { loop, hovered } = this;
    this.pointer.style.display = this.width > 0 && hovered !== null ? 'block' : 'none';
    if (hovered !== null) {
      this.pointer.style.transform = `translateX(${pixelFromStep(this.scale, hovered).toFixed(2)}px)`;
    }
    this.band.style.display = loop ? 'block' : 'none';
    if (loop) {
      const [from, to] = [pixelFromStep(this.scale, loop[0]), pixelFromStep(this.scale, loop[1])];
      this.band.style.transform = `translateX(${from.toFixed(2)}px)`;
      this.band.style.width = `${Math.max(1, to - from).toFixed(2)}px`;
    }
  }

  private paintOverlays(): void {
    const line = { width: '1px', marginLeft: '-0.5px' };
    Object.assign(this.playhead.style, line, { background: this.ink.cursor });
    Object.assign(this.pointer.style, line, { background: this.ink.accent, opacity: '0.6' });
    Object.assign(this.band.style, { background: this.ink.accent, opacity: '0.1' });
  }

  private listen(): void {
    let dragging = false;
    let markedFrom: number | null = null;
    const stepOf = (event: PointerEvent) =>
      stepFromPixel(this.scale, event.clientX - this.host.getBoundingClientRect().left);
    this.on('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.host.setPointerCapture(event.pointerId);
      dragging = true;
      if (event.shiftKey && this.events.mark) markedFrom = stepOf(event);
      else this.events.seek(stepOf(event), true);
    });
    this.on('pointermove', (event) => {
      const step = stepOf(event);
      if (!dragging) this.events.hover(step);
      else if (markedFrom === null) this.events.seek(step, true);
      else this.setLoop([Math.min(markedFrom, step), Math.max(markedFrom, step)]);
    });
    const stop = (event: PointerEvent) => {
      if (!dragging) return;
      dragging = false;
      const step = stepOf(event);
      if (markedFrom === null) this.events.seek(step, false);
      else if (step !== markedFrom)
        this.events.mark?.(Math.min(markedFrom, step), Math.max(markedFrom, step));
      markedFrom = null;
    };
    this.on('pointerup', stop);
    this.on('pointercancel', stop);
    this.on('pointerleave', () => this.events.hover(null));
  }

  private on(
    name: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel' | 'pointerleave',
    run: (event: PointerEvent) => void,
  ) {
    this.host.addEventListener(name, run);
    this.stops.push(() => this.host.removeEventListener(name, run));
  }
}

/** An element as high as the chart that only moves. */
function above(host: HTMLElement): HTMLElement {
  const made = host.appendChild(document.createElement('div'));
  made.setAttribute('aria-hidden', 'true');
  Object.assign(made.style, {
    position: 'absolute',
    top: '0',
    bottom: '0',
    left: '0',
    pointerEvents: 'none',
  });
  return made;
}
