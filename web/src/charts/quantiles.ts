import type { ChartInk } from './ink';
import { fitCanvas } from './ink';
import { partOf, type LaneView, type Scale } from './lanes';

/** A distribution with finitely many outcomes. */
export interface Outcomes {
  /** Where the outcomes lie, in any order. */
  values: ArrayLike<number>;
  /** How much weight each has; null when all have the same. */
  weights: ArrayLike<number> | null;
  /** NaN where they are not known. */
  mean: number;
  /** Mean of the lower tail. */
  tail: number;
  colour: string;
}

/** One line of a distribution: where it stands, from 0 to 1 along the axis, and how high it is as a part of the highest. */
export interface Stem {
  x: number;
  size: number;
}

/** Outcomes at their true positions. Those that are no numbers, or have no weight, have no stem. */
export function stemsOf(
  { values, weights }: Pick<Outcomes, 'values' | 'weights'>,
  scale: Scale,
  most: number,
): Stem[] {
  const stems: Stem[] = [];
  for (let i = 0; i < values.length; i++) {
    const weight = weights ? weights[i]! : 1;
    if (!Number.isFinite(values[i]!) || !(weight > 0)) continue;
    stems.push({ x: partOf(values[i]!, scale), size: weights ? Math.min(1, weight / most) : 1 });
  }
  return stems;
}

const PAD = 6;

/**
 * A distribution a lane: a line an outcome at its true position, as high as its weight; the mean a diamond, the mean of the lower tail
 * a triangle below.
 */
export function paintQuantiles(
  { rows, canvas, height }: LaneView,
  of: (index: number) => Outcomes | null,
  scale: Scale,
  ink: ChartInk,
): void {
  if (!canvas) return;
  const width = canvas.clientWidth;
  const context = fitCanvas(canvas, width, rows.length * height);
  if (!context || width <= 2 * PAD) return;
  const lanes = rows.map((row) => {
    const index = Number(row.dataset.lane);
    return index < 0 ? null : of(index);
  });
  const most = Math.max(
    1e-9,
    ...lanes.map((lane) =>
      lane?.weights ? Math.max(...Array.from(lane.weights).filter(Number.isFinite), 0) : 0,
    ),
  );
  // For those who check what was drawn: distinct places of stems in the first lane.
  canvas.dataset.stems = String(
    lanes[0] ? new Set(stemsOf(lanes[0], scale, most).map((stem) => stem.x)).size : 0,
  );
  const x = (part: number) => PAD + part * (width - 2 * PAD);
  lanes.forEach((lane, row) => {
    const floor = (row + 1) * height - 10;
    const room = height - 16;
    context.fillStyle = ink.line;
    context.fillRect(PAD, floor, width - 2 * PAD, 1);
    if (!lane) return;
    context.fillStyle = lane.colour;
    context.globalAlpha = lane.weights ? 1 : 0.55;
    for (const stem of stemsOf(lane, scale, most)) {
      const size = Math.max(1, stem.size * room);
      context.fillRect(x(stem.x) - 0.75, floor - size, 1.5, size);
    }
    context.globalAlpha = 1;
    if (Number.isFinite(lane.tail)) triangle(context, x(partOf(lane.tail, scale)), floor + 2, ink.soft);
    if (Number.isFinite(lane.mean))
      diamond(context, x(partOf(lane.mean, scale)), floor, ink.ink, ink.surface);
  });
}

/** A diamond with a rim that parts it from what is behind. */
export function diamond(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  fill: string,
  rim: string,
): void {
  context.beginPath();
  context.moveTo(x, y - 5);
  context.lineTo(x + 4, y);
  context.lineTo(x, y + 5);
  context.lineTo(x - 4, y);
  context.closePath();
  context.fillStyle = fill;
  context.strokeStyle = rim;
  context.lineWidth = 1.5;
  context.stroke();
  context.fill();
}

function triangle(context: CanvasRenderingContext2D, x: number, y: number, fill: string): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + 4, y + 6);
  context.lineTo(x - 4, y + 6);
  context.closePath();
  context.fillStyle = fill;
  context.fill();
}
