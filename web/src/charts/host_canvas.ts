import { fitCanvas } from './ink';

/** Draws on a canvas that was cleared; sizes are CSS pixels. */
export type Draw = (context: CanvasRenderingContext2D, width: number, height: number) => void;

/**
 * A canvas that fills its host, beneath what else the host holds. It is drawn when asked for and when the host has another size, at most once
 * a frame. The host must be positioned.
 */
export class HostCanvas {
  readonly element = document.createElement('canvas');
  readonly #host: HTMLElement;
  readonly #draw: Draw;
  readonly #observer: ResizeObserver;
  #queued = 0;

  /** `onresize` is told each size before it is drawn. */
  constructor(host: HTMLElement, draw: Draw, onresize?: (width: number, height: number) => void) {
    this.#host = host;
    this.#draw = draw;
    host.prepend(this.element);
    this.element.setAttribute('aria-hidden', 'true');
    Object.assign(this.element.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.#observer = new ResizeObserver(() => {
      onresize?.(host.clientWidth, host.clientHeight);
      this.redraw();
    });
    this.#observer.observe(host);
  }

  redraw(): void {
    cancelAnimationFrame(this.#queued);
    this.#queued = requestAnimationFrame(() => this.#frame());
  }

  destroy(): void {
    cancelAnimationFrame(this.#queued);
    this.#observer.disconnect();
    this.element.remove();
  }

  #frame(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width === 0 || height === 0) return;
    const context = fitCanvas(this.element, width, height);
    if (context) this.#draw(context, width, height);
  }
}
