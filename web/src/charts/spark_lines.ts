import { HostCanvas } from './host_canvas';
import { readInk } from './ink';
import { finiteExtent, paddedExtent, pixelFromStep } from './step_scale';
import { strokeValues } from './stroke_values';

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
  readonly #canvas: HostCanvas;
  readonly #mark: HTMLElement;
  #lines: readonly SparkLine[] = [];
  #end = 0;
  #step = 0;

  /** The host must be positioned; the chart fills it and follows its size. */
  constructor(private readonly host: HTMLElement) {
    this.#canvas = new HostCanvas(host, (...at) => this.#draw(...at));
    this.#mark = host.appendChild(document.createElement('div'));
    this.#mark.setAttribute('aria-hidden', 'true');
    Object.assign(this.#mark.style, { position: 'absolute', top: '0', bottom: '0', left: '0', width: '1px' });
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
    this.#canvas.redraw();
  }

  destroy(): void {
    this.#canvas.destroy();
    this.#mark.remove();
  }

  #place(): void {
    const scale = { from: 0, to: this.#end, width: this.host.clientWidth };
    this.#mark.style.transform = `translateX(${pixelFromStep(scale, this.#step).toFixed(2)}px)`;
  }

  #draw(context: CanvasRenderingContext2D, width: number, height: number): void {
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
      strokeValues(context, line.values, this.#end, width, y);
    }
    context.globalAlpha = 1;
  }
}
