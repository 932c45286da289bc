import { fitCanvas, readInk } from './ink';
import { strokeValues } from './overlay_lines';
import { finiteExtent, minMaxColumns, paddedExtent, pixelFromStep } from './step_scale';

/** One line: values over steps from 0, NaN where there is none. Each line has its own scale. */
export interface SparkLine {
  values: ArrayLike<number>;
  /** CSS colour; that of text when left out. */
  colour?: string;
  /** Stands out from the others. */
  strong?: boolean;
}

/** Several quantities over the same steps in a small place, for their shape rather than their numbers, with a mark that moves. */
export class SparkLines {
  readonly #canvas: HTMLCanvasElement;
  readonly #mark: HTMLElement;
  readonly #observer: ResizeObserver;
  #lines: readonly SparkLine[] = [];
  #end = 0;
  #step = 0;
  #queued = 0;

  /** The host must be positioned; the chart fills it and follows its size. */
  constructor(private readonly host: HTMLElement) {
    this.#canvas = host.appendChild(document.createElement('canvas'));
    this.#mark = host.appendChild(document.createElement('div'));
    for (const made of [this.#canvas, this.#mark]) made.setAttribute('aria-hidden', 'true');
    Object.assign(this.#canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    Object.assign(this.#mark.style, { position: 'absolute', top: '0', bottom: '0', left: '0', width: '1px' });
    this.#observer = new ResizeObserver(() => this.restyle());
    this.#observer.observe(host);
  }

  /** Shows lines over the steps 0 to `end`. */
  show(lines: readonly SparkLine[], end: number): void {
    this.#lines = lines;
    this.#end = end;
    this.restyle();
  }

  setMark(step: number): void {
    this.#step = step;
    this.#place();
  }

  /** Draws again, in the colours of the theme in force. */
  restyle(): void {
    cancelAnimationFrame(this.#queued);
    this.#queued = requestAnimationFrame(() => this.#draw());
  }

  destroy(): void {
    cancelAnimationFrame(this.#queued);
    this.#observer.disconnect();
    this.#canvas.remove();
    this.#mark.remove();
  }

  #place(): void {
    const scale = { from: 0, to: this.#end, width: this.host.clientWidth };
    this.#mark.style.transform = `translateX(${pixelFromStep(scale, this.#step).toFixed(2)}px)`;
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width === 0 || height === 0) return;
    const context = fitCanvas(this.#canvas, width, height);
    if (!context) return;
    const ink = readInk(this.host);
    this.#mark.style.background = ink.cursor;
    this.#place();
    context.lineJoin = 'round';
    for (const line of this.#lines) {
      const [low, high] = paddedExtent(finiteExtent(line.values));
      const y = (value: number) => height - 3 - ((value - low) / (high - low)) * (height - 6);
      context.strokeStyle = context.fillStyle = line.colour ?? ink.soft;
      context.lineWidth = line.strong ? 1.75 : 1;
      context.globalAlpha = line.strong ? 1 : 0.7;
      this.#stroke(context, line.values, width, y);
    }
    context.globalAlpha = 1;
  }

  /** Keeps every extreme where there are more steps than pixels. */
  #stroke(
    context: CanvasRenderingContext2D,
    values: ArrayLike<number>,
    width: number,
    y: (value: number) => number,
  ): void {
    if (this.#end < width) {
      const scale = { from: 0, to: this.#end, width };
      strokeValues(context, values, (at) => pixelFromStep(scale, at), y);
      return;
    }
    const columns = Math.max(1, Math.floor(width));
    const thin = minMaxColumns(values, 0, 0, this.#end, columns);
    const gap = width / Math.max(1, columns - 1);
    let open = false;
    context.beginPath();
    for (let i = 0; i < columns; i++) {
      if (thin.count[i] === 0) {
        open = false;
        continue;
      }
      const x = i * gap;
      if (open) context.lineTo(x, y(thin.first[i]!));
      else context.moveTo(x, y(thin.first[i]!));
      if (thin.count[i]! > 1) {
        context.lineTo(x, y(thin.max[i]!));
        context.lineTo(x, y(thin.min[i]!));
        context.lineTo(x, y(thin.last[i]!));
      } else if (!open && !thin.count[i + 1]) context.fillRect(x - 1, y(thin.first[i]!) - 1, 2, 2);
      open = true;
    }
    context.stroke();
  }
}
