import { roundTicks } from './heat_map';
import { HostCanvas } from './host_canvas';
import { readInk, type ChartInk } from './ink';
import { yTick } from './ticks';

/** What the height of a bar means: how many, which part of all, or which part per unit of the value. */
export type HistogramScale = 'count' | 'fraction' | 'density';

/** One histogram. */
export interface HistogramBars {
  /** Edges of the bins, ascending: one more than bins. */
  edges: Float64Array;
  counts: Float64Array;
  /** Of all values counted, those outside the bins among them; what fractions are of. */
  total: number;
}

/**
 * Heights of the bars. A fraction is of all values that are numbers, also those outside the bins; a density is that over the width of
 * the bin, so that the areas add up to the part inside.
 */
export function heightsOf({ edges, counts, total }: HistogramBars, scale: HistogramScale): Float64Array {
  if (scale === 'count' || total === 0) return counts;
  return counts.map((count, i) => count / total / (scale === 'density' ? edges[i + 1] - edges[i] : 1));
}

const LEFT = 46;
const BOTTOM = 22;
const TOP = 6;
const RIGHT = 10;

/** The bars of one histogram on a canvas. The host must be positioned; the chart fills it. */
export class HistogramChart {
  private readonly canvas: HostCanvas;
  private ink: ChartInk;
  private bars: HistogramBars | null = null;
  private scale: HistogramScale = 'count';
  /** The end of the vertical axis: the same for all histograms of a row, so that they can be compared. */
  private top = 0;

  constructor(private readonly host: HTMLElement) {
    this.canvas = new HostCanvas(host, (...at) => this.draw(...at));
    this.ink = readInk(host);
  }

  show(bars: HistogramBars | null, scale: HistogramScale, top: number): void {
    this.bars = bars;
    this.scale = scale;
    this.top = top;
    this.canvas.redraw();
  }

  /** The theme changed. */
  restyle(): void {
    this.ink = readInk(this.host);
    this.canvas.redraw();
  }

  destroy(): void {
    this.canvas.destroy();
  }

  private draw(context: CanvasRenderingContext2D, outerWidth: number, outerHeight: number): void {
    const [width, height] = [outerWidth - LEFT - RIGHT, outerHeight - TOP - BOTTOM];
    const { bars, ink } = this;
    if (width <= 0 || height <= 0 || !bars || bars.counts.length === 0) return;
    const { edges } = bars;
    const heights = heightsOf(bars, this.scale);
    const high = this.top > 0 ? this.top : Math.max(1e-12, ...heights);
    const [x0, x1] = [edges[0], edges[edges.length - 1]];
    const pixelOfX = (x: number) => LEFT + ((x - x0) / (x1 - x0)) * width;
    const pixelOfY = (y: number) => TOP + (1 - y / high) * height;
    context.font = ink.font;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const vertical = roundTicks(0, high, Math.max(2, height / 40), this.scale === 'count' && high >= 2);
    for (const tick of vertical.at) {
      context.fillStyle = ink.grid;
      context.fillRect(LEFT, Math.round(pixelOfY(tick)), width, 1);
      context.fillStyle = ink.faint;
      context.fillText(yTick(tick, vertical.step), LEFT - 6, pixelOfY(tick));
    }
    context.fillStyle = ink.accent;
    for (let bin = 0; bin < heights.length; bin += 1) {
      if (!(heights[bin] > 0)) continue;
      const from = pixelOfX(edges[bin]);
      const to = pixelOfX(edges[bin + 1]);
      const top = pixelOfY(heights[bin]);
      // What is there is seen, however little it is.
      const air = to - from > 4 ? 1 : 0;
      context.fillRect(
        from,
        Math.min(top, TOP + height - 1),
        Math.max(0.5, to - from - air),
        Math.max(1, TOP + height - top),
      );
    }
    context.fillStyle = ink.faint;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const across = roundTicks(x0, x1, Math.max(2, width / 70));
    for (const tick of across.at)
      context.fillText(yTick(tick, across.step), pixelOfX(tick), TOP + height + 6);
    context.fillStyle = ink.line;
    context.fillRect(LEFT, TOP + height, width, 1);
  }
}
