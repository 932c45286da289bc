import { value as valueText } from '../theme/format';
import { fitCanvas, readInk, type ChartInk } from './ink';

/** One bar. */
export interface Bar {
  label: string;
  /** NaN where there is none. */
  value: number;
  /** CSS colour of the bar's key, the same wherever this choice appears. */
  colour: string;
}

/** What the bars say of one step. */
export interface BarsRow {
  bars: Bar[];
  /** Index of the bar that was chosen, or null. */
  chosen: number | null;
  /** Scale of all bars: `low` is no length, `high` the full one; zero is marked when it lies between. */
  low: number;
  high: number;
  /** Of values the largest is marked as best; probabilities need no mark. */
  markBest: boolean;
}

const ROW = 22;
const GAP = 8;
const KEY = 8;

/** Height that `count` bars take, in CSS pixels. */
export function heightOfBars(count: number): number {
  return Math.max(1, count) * ROW;
}

/** Index of the largest value, the first of equals; null when there is no number. */
export function indexOfLargest(values: ArrayLike<number>): number | null {
  let best: number | null = null;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]!) && (best === null || values[i]! > values[best]!)) best = i;
  }
  return best;
}

/**
 * Horizontal bars with names and numbers: probabilities or values of the choices at one step. The one chosen is filled and
 * outlined, so that colour is never all that tells.
 */
export class Bars {
  private readonly canvas: HTMLCanvasElement;
  private readonly observer: ResizeObserver;
  private ink: ChartInk;
  private row: BarsRow | null = null;
  private labelWidth = 0;
  private labels = '';

  constructor(private readonly host: HTMLElement) {
    this.canvas = host.appendChild(document.createElement('canvas'));
    this.canvas.setAttribute('aria-hidden', 'true');
    Object.assign(this.canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.ink = readInk(host);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(host);
  }

  show(row: BarsRow | null): void {
    this.row = row;
    this.draw();
  }

  /** The theme changed. */
  restyle(): void {
    this.ink = readInk(this.host);
    this.draw();
  }

  destroy(): void {
    this.observer.disconnect();
    this.canvas.remove();
  }

  private draw(): void {
    const { host, ink, row } = this;
    const [width, height] = [host.clientWidth, host.clientHeight];
    if (width === 0 || height === 0) return;
    const context = fitCanvas(this.canvas, width, height);
    if (!context || !row) return;
    context.font = ink.font;
    context.textBaseline = 'middle';
    this.measure(context, row, width);
    const left = KEY + GAP + this.labelWidth + GAP;
    const numberWidth = context.measureText('−88.88e−8').width;
    const room = Math.max(8, width - left - GAP - numberWidth);
    const span = row.high - row.low || 1;
    const x = (value: number) => left + Math.min(1, Math.max(0, (value - row.low) / span)) * room;
    const base = row.low < 0 && row.high > 0 ? x(0) : left;
    const best = row.markBest ? indexOfLargest(row.bars.map((bar) => bar.value)) : null;

    row.bars.forEach((bar, i) => {
      const y = i * ROW;
      const middle = y + ROW / 2;
      const chosen = i === row.chosen;
      context.fillStyle = bar.colour;
      context.fillRect(0, middle - KEY / 2, KEY, KEY);
      context.font = chosen ? `600 ${ink.font}` : ink.font;
      context.fillStyle = chosen ? ink.ink : ink.soft;
      context.textAlign = 'left';
      context.fillText(bar.label, KEY + GAP, middle, this.labelWidth);
      context.fillStyle = ink.sunken;
      context.fillRect(left, middle - 6, room, 12);
      if (Number.isFinite(bar.value)) {
        const end = x(bar.value);
        const [from, to] = [Math.min(base, end), Math.max(base, end)];
        context.fillStyle = bar.colour;
        context.globalAlpha = chosen ? 1 : 0.6;
        context.fillRect(from, middle - 6, Math.max(1, to - from), 12);
        context.globalAlpha = 1;
      }
      if (chosen) {
        context.strokeStyle = ink.ink;
        context.lineWidth = 1;
        context.strokeRect(left - 0.5, Math.round(middle - 7) + 0.5, room + 1, 13);
      }
      context.textAlign = 'right';
      context.fillStyle = chosen ? ink.ink : ink.soft;
      context.fillText(textOf(bar.value, row), width - (row.markBest ? 12 : 0), middle);
      if (i === best) drawBest(context, width - 4, middle, ink.ink);
    });
    if (base > left) {
      context.fillStyle = ink.faint;
      context.fillRect(Math.round(base), 0, 1, row.bars.length * ROW);
    }
  }

  private measure(context: CanvasRenderingContext2D, row: BarsRow, width: number): void {
    const labels = row.bars.map((bar) => bar.label).join('\n');
    if (labels === this.labels) return;
    this.labels = labels;
    context.font = `600 ${this.ink.font}`;
    const widest = Math.max(0, ...row.bars.map((bar) => context.measureText(bar.label).width));
    this.labelWidth = Math.min(widest, width * 0.4);
    context.font = this.ink.font;
  }
}

function textOf(value: number, row: BarsRow): string {
  if (row.markBest || Number.isNaN(value)) return valueText(value);
  return value.toFixed(3);
}

/** A filled triangle that points at the bar. */
function drawBest(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x - 4, y);
  context.lineTo(x + 3, y - 4);
  context.lineTo(x + 3, y + 4);
  context.fill();
}
