import { HostCanvas } from './host_canvas';
import { readInk, type ChartInk } from './ink';
import { finiteExtent, paddedExtent, pixelFromStep, stepFromPixel, type StepScale } from './step_scale';
import { strokeValues } from './stroke_values';

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
  readonly #canvas: HostCanvas;
  readonly #playhead: HTMLElement;
  readonly #stop = new AbortController();
  #ink: ChartInk;
  #lines: readonly OverlayLine[] = [];
  #bars = false;
  #end = 0;
  #at = 0;

  /** The host must be positioned; the chart fills it and follows its size. */
  constructor(
    private readonly host: HTMLElement,
    private readonly events: OverlayEvents,
  ) {
    this.#canvas = new HostCanvas(host, (...at) => this.#draw(...at));
    this.#playhead = host.appendChild(document.createElement('div'));
    this.#playhead.setAttribute('aria-hidden', 'true');
    Object.assign(this.#playhead.style, {
      position: 'absolute',
      top: '0',
      bottom: '0',
      left: '0',
      width: '1px',
      pointerEvents: 'none',
    });
    this.#ink = readInk(host);
    this.#listen();
  }

  show(lines: readonly OverlayLine[], end: number, bars: boolean): void {
    this.#lines = lines;
    this.#end = end;
    this.#bars = bars;
    this.#canvas.redraw();
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
    this.#canvas.redraw();
  }

  destroy(): void {
    this.#stop.abort();
    this.#canvas.destroy();
    this.#playhead.remove();
  }

  get #scale(): StepScale {
    return { from: 0, to: this.#end, width: this.host.clientWidth };
  }

  #place(): void {
    this.#playhead.style.background = this.#ink.cursor;
    this.#playhead.style.transform = `translateX(${pixelFromStep(this.#scale, this.#at).toFixed(2)}px)`;
  }

  #draw(context: CanvasRenderingContext2D, width: number, height: number): void {
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
      else strokeValues(context, line.values, this.#end, width, y);
    });
    context.setLineDash([]);
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

function joint(lines: readonly OverlayLine[]): [number, number] | null {
  const found = lines.map(({ values }) => finiteExtent(values)).filter((extent) => extent !== null);
  if (found.length === 0) return null;
  return [Math.min(...found.map(([low]) => low)), Math.max(...found.map(([, high]) => high))];
}
