import { fitCanvas, readInk, type ChartInk } from './ink';
import {
  finiteExtent,
  minMaxColumns,
  paddedExtent,
  pixelFromStep,
  stepFromPixel,
  type StepScale,
} from './step_scale';

/** One of several lines over the same places; NaN is drawn as a gap. */
export interface OverlayLine {
  values: Float64Array;
  /** CSS colour. */
  colour: string;
  dash: readonly number[];
}

export interface OverlayEvents {
  /** The reader clicked or dragged to a place. `dragging` is false for the last call of a drag. */
  seek(at: number, dragging: boolean): void;
  /** The pointer is over a place, or null when it left. */
  hover(at: number | null): void;
}

/**
 * Several lines on one scale over the places 0 to `end`, with a playhead that only moves. `bars` is for rare events: each value is a bar from
 * zero, those of different lines side by side.
 */
export class OverlayLines {
  readonly #canvas: HTMLCanvasElement;
  readonly #playhead: HTMLElement;
  readonly #observer: ResizeObserver;
  readonly #stop = new AbortController();
  #ink: ChartInk;
  #lines: readonly OverlayLine[] = [];
  #bars = false;
  #end = 0;
  #at = 0;
  #queued = 0;

  /** The host must be positioned; the chart fills it and follows its size. */
  constructor(
    private readonly host: HTMLElement,
    private readonly events: OverlayEvents,
  ) {
    this.#canvas = host.appendChild(document.createElement('canvas'));
    this.#playhead = host.appendChild(document.createElement('div'));
    for (const made of [this.#canvas, this.#playhead]) made.setAttribute('aria-hidden', 'true');
    Object.assign(this.#canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    Object.assign(this.#playhead.style, {
      position: 'absolute',
      top: '0',
      bottom: '0',
      left: '0',
      width: '1px',
      pointerEvents: 'none',
    });
    this.#ink = readInk(host);
    this.#observer = new ResizeObserver(() => this.#redraw());
    this.#observer.observe(host);
    this.#listen();
  }

  show(lines: readonly OverlayLine[], end: number, bars: boolean): void {
    this.#lines = lines;
    this.#end = end;
    this.#bars = bars;
    this.#redraw();
  }

  setPlayhead(at: number): void {
    this.#at = at;
    this.#place();
  }

  /** Smallest and largest value of all lines. */
  extent(): [number, number] | null {
    return joint(this.#lines);
  }

  /** The theme changed. */
  restyle(): void {
    this.#ink = readInk(this.host);
    this.#redraw();
  }

  destroy(): void {
    cancelAnimationFrame(this.#queued);
    this.#observer.disconnect();
    this.#stop.abort();
    this.#canvas.remove();
    this.#playhead.remove();
  }

  get #scale(): StepScale {
    return { from: 0, to: this.#end, width: this.host.clientWidth };
  }

  #place(): void {
    this.#playhead.style.background = this.#ink.cursor;
    this.#playhead.style.transform = `translateX(${pixelFromStep(this.#scale, this.#at).toFixed(2)}px)`;
  }

  #redraw(): void {
    cancelAnimationFrame(this.#queued);
    this.#queued = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width === 0 || height === 0) return;
    const context = fitCanvas(this.#canvas, width, height);
    if (!context) return;
    this.#place();
    const [low, high] = paddedExtent(joint(this.#lines));
    const y = (value: number) => height - 2 - ((value - low) / (high - low)) * (height - 4);
    if (low <= 0 && high >= 0) {
      context.fillStyle = this.#ink.line;
      context.fillRect(0, Math.round(y(0)), width, 1);
    }
    this.#lines.forEach((line, i) => {
      context.strokeStyle = context.fillStyle = line.colour;
      context.lineWidth = 1.4;
      context.lineJoin = 'round';
      context.setLineDash([...line.dash]);
      if (this.#bars) this.#drawBars(context, line.values, i, y);
      else this.#drawLine(context, line.values, y);
    });
    context.setLineDash([]);
  }

  /** Every extreme stays where there are more places than pixels. */
  #drawLine(context: CanvasRenderingContext2D, values: Float64Array, y: (value: number) => number): void {
    const scale = this.#scale;
    if (this.#end < scale.width) {
      strokeValues(context, values, (at) => pixelFromStep(scale, at), y);
      return;
    }
    const columns = Math.max(1, Math.floor(scale.width));
    const thin = minMaxColumns(values, 0, 0, this.#end, columns);
    const gap = scale.width / Math.max(1, columns - 1);
    context.beginPath();
    let open = false;
    for (let i = 0; i < columns; i++) {
      if (thin.count[i] === 0) {
        open = false;
        continue;
      }
      const x = i * gap;
      const first = y(thin.first[i]!);
      if (open) context.lineTo(x, first);
      else context.moveTo(x, first);
      if (thin.count[i]! > 1) {
        context.lineTo(x, y(thin.max[i]!));
        context.lineTo(x, y(thin.min[i]!));
        context.lineTo(x, y(thin.last[i]!));
      } else if (!open && !thin.count[i + 1]) context.fillRect(x - 1, first - 1, 2, 2);
      open = true;
    }
    context.stroke();
  }

  #drawBars(
    context: CanvasRenderingContext2D,
    values: Float64Array,
    index: number,
    y: (value: number) => number,
  ): void {
    const scale = this.#scale;
    const zero = y(0);
    const gap = this.#end > 0 ? scale.width / this.#end : scale.width;
    const wide = Math.max(1.5, Math.min(6, (gap * 0.8) / this.#lines.length));
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!;
      if (!Number.isFinite(value) || value === 0) continue;
      const x = pixelFromStep(scale, at) + (index - (this.#lines.length - 1) / 2) * wide - wide / 2;
      const top = y(value);
      context.fillRect(x, Math.min(top, zero), wide, Math.max(1, Math.abs(top - zero)));
    }
  }

  #listen(): void {
    let dragging = false;
    const placeOf = (event: PointerEvent) =>
      stepFromPixel(this.#scale, event.clientX - this.host.getBoundingClientRect().left);
    const on = (
      name: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel' | 'pointerleave',
      run: (event: PointerEvent) => void,
    ) => this.host.addEventListener(name, run, { signal: this.#stop.signal });
    on('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.host.setPointerCapture(event.pointerId);
      dragging = true;
      this.events.seek(placeOf(event), true);
    });
    on('pointermove', (event) => {
      if (dragging) this.events.seek(placeOf(event), true);
      else this.events.hover(placeOf(event));
    });
    const stop = (event: PointerEvent) => {
      if (dragging) this.events.seek(placeOf(event), false);
      dragging = false;
    };
    on('pointerup', stop);
    on('pointercancel', stop);
    on('pointerleave', () => this.events.hover(null));
  }
}

/** Joins neighbours; a value on its own is a dot, because a line of no length would not be seen. */
export function strokeValues(
  context: CanvasRenderingContext2D,
  values: ArrayLike<number>,
  x: (at: number) => number,
  y: (value: number) => number,
): void {
  context.beginPath();
  let open = false;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (!Number.isFinite(value)) {
      open = false;
      continue;
    }
    if (open) context.lineTo(x(at), y(value));
    else context.moveTo(x(at), y(value));
    if (!open && !Number.isFinite(values[at + 1] ?? NaN)) context.fillRect(x(at) - 1, y(value) - 1, 2, 2);
    open = true;
  }
  context.stroke();
}

function joint(lines: readonly OverlayLine[]): [number, number] | null {
  const found = lines.map(({ values }) => finiteExtent(values)).filter((extent) => extent !== null);
  if (found.length === 0) return null;
  return [Math.min(...found.map(([low]) => low)), Math.max(...found.map(([, high]) => high))];
}
