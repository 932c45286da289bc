import type { ChartInk } from './ink';
import { fitCanvas } from './ink';
import { partOf, type LaneView, type Scale } from './lanes';
import { diamond } from './quantiles';

/** One dimension of a Gaussian policy at one step. NaN where a number is not known. */
export interface Dimension {
  mean: number;
  std: number;
  /** The action taken. */
  action: number;
  /** Bounds of the space; infinite where there are none. */
  low: number;
  high: number;
  /** Ends of its axis, the same over the episode. */
  scale: Scale;
  colour: string;
}

/** Points of a curve that are drawn. */
const POINTS = 64;
const PAD = 6;

/** Height of the bell at `value`, 1 at its mean. */
export function bell(value: number, mean: number, std: number): number {
  if (!(std > 0)) return value === mean ? 1 : 0;
  const z = (value - mean) / std;
  return Math.exp(-0.5 * z * z);
}

/** An axis that shows the bounds where they are finite, and all that the mean and the action reach, with room beside. */
export function axisOf(low: number, high: number, reached: readonly number[]): Scale {
  const ends = [low, high, ...reached].filter(Number.isFinite);
  if (ends.length === 0) return [-1, 1];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const room = (most - least || Math.abs(most) || 1) * 0.06;
  return [least - room, most + room];
}

/** A bell a lane: its mean a line, one standard deviation a band, the action a diamond, the bounds walls beyond which nothing is done. */
export function paintGaussian(
  { rows, canvas, height }: LaneView,
  of: (index: number) => Dimension | null,
  ink: ChartInk,
): void {
  if (!canvas) return;
  const width = canvas.clientWidth;
  const context = fitCanvas(canvas, width, rows.length * height);
  if (!context || width <= 2 * PAD) return;
  rows.forEach((element, row) => {
    const index = Number(element.dataset.lane);
    const lane = index < 0 ? null : of(index);
    if (!lane) return;
    const [top, floor] = [row * height + 5, (row + 1) * height - 7];
    const x = (value: number) => PAD + partOf(value, lane.scale) * (width - 2 * PAD);
    context.fillStyle = ink.sunken;
    context.fillRect(x(lane.low), top, x(lane.high) - x(lane.low), floor - top);
    for (const bound of [lane.low, lane.high]) {
      if (!Number.isFinite(bound)) continue;
      context.fillStyle = ink.faint;
      context.fillRect(x(bound) - 0.5, top, 1, floor - top + 2);
    }
    context.fillStyle = ink.line;
    context.fillRect(PAD, floor, width - 2 * PAD, 1);
    if (Number.isFinite(lane.mean)) {
      if (lane.std > 0) {
        context.fillStyle = lane.colour;
        context.globalAlpha = 0.25;
        drawBell(context, lane, x, top, floor);
        context.globalAlpha = 1;
        const [from, to] = [x(lane.mean - lane.std), x(lane.mean + lane.std)];
        context.fillRect(from, floor - 2, Math.max(1, to - from), 3);
      }
      context.fillStyle = lane.colour;
      context.fillRect(x(lane.mean) - 1, top, 2, floor - top);
    }
    if (Number.isFinite(lane.action)) diamond(context, x(lane.action), floor, ink.ink, ink.surface);
  });
}

function drawBell(
  context: CanvasRenderingContext2D,
  { mean, std, scale: [low, high] }: Dimension,
  x: (value: number) => number,
  top: number,
  floor: number,
): void {
  context.beginPath();
  context.moveTo(x(low), floor);
  const [from, to] = [Math.max(low, mean - 4 * std), Math.min(high, mean + 4 * std)];
  context.lineTo(x(from), floor);
  for (let i = 0; i <= POINTS; i++) {
    const value = from + ((to - from) * i) / POINTS;
    context.lineTo(x(value), floor - bell(value, mean, std) * (floor - top));
  }
  context.lineTo(x(to), floor);
  context.closePath();
  context.fill();
}
