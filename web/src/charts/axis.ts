import type { Extent } from './series';

/** One axis of a chart: values to pixels and back, evenly or by their logarithm. */
export class Axis {
  readonly from: number;
  readonly to: number;
  readonly log: boolean;
  /** Pixels at which `from` and `to` lie. */
  readonly start: number;
  readonly end: number;
  readonly #low: number;
  readonly #perPixel: number;

  constructor([from, to]: Extent, log: boolean, start: number, end: number) {
    this.from = from;
    this.to = to;
    this.log = log;
    this.start = start;
    this.end = end;
    this.#low = log ? Math.log10(from) : from;
    this.#perPixel = ((log ? Math.log10(to) : to) - this.#low) / (end - start);
  }

  /** NaN for what a logarithmic axis cannot show. */
  pixelFromValue(value: number): number {
    const place = this.log ? (value > 0 ? Math.log10(value) : NaN) : value;
    return this.start + (place - this.#low) / this.#perPixel;
  }

  valueFromPixel(pixel: number): number {
    const place = this.#low + (pixel - this.start) * this.#perPixel;
    return this.log ? 10 ** place : place;
  }

  /** The range that is seen after the axis was dragged by so many pixels. */
  dragged(pixels: number): Extent {
    return [this.valueFromPixel(this.start - pixels), this.valueFromPixel(this.end - pixels)];
  }

  /** The range that is seen with `factor` times as much of the axis, where `pixel` keeps its value. */
  zoomed(pixel: number, factor: number): Extent {
    return [
      this.valueFromPixel(pixel + (this.start - pixel) * factor),
      this.valueFromPixel(pixel + (this.end - pixel) * factor),
    ];
  }

  /** The range between two pixels, in ascending order. */
  between(a: number, b: number): Extent {
    const [low, high] = [this.valueFromPixel(a), this.valueFromPixel(b)];
    return low <= high ? [low, high] : [high, low];
  }
}
