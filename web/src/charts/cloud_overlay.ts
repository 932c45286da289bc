import type { Projection } from './cloud_camera';
import type { CloudLabel, CloudLine } from './cloud_points';
import type { ChartInk } from './ink';

/** What lies over the points and changes with the pointer. */
export interface CloudOverlay {
  hovered: number | null;
  selected: number | null;
  near: readonly number[];
  lines: readonly CloudLine[];
  labels: readonly CloudLabel[];
  /** What is being enclosed, `x0, y0, x1, y1, …` in CSS pixels. */
  polygon: readonly number[] | null;
  /** Names of the axes; empty where they mean nothing. */
  axes: readonly string[];
}

/** Where a point is drawn, NaN where it has no place. */
type PixelOf = (point: number) => { x: number; y: number };

/** Draws the overlay; `at` knows the pixel of a point. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  over: CloudOverlay,
  at: PixelOf,
  projection: Projection,
  ink: ChartInk,
  size: { width: number; height: number },
  dims: 2 | 3,
): void {
  context.font = ink.font;
  drawAxes(context, over.axes, projection, ink, size, dims);
  for (const line of over.lines) drawLine(context, line, at, ink);
  drawLabels(context, over.labels, projection, ink);
  for (const index of over.near) ring(context, at(index), 6, ink.ink, 1.5, ink);
  if (over.selected !== null) ring(context, at(over.selected), 8, ink.accent, 3, ink);
  if (over.hovered !== null) ring(context, at(over.hovered), 8, ink.ink, 2, ink);
  if (over.polygon) drawPolygon(context, over.polygon, ink);
}

function ring(
  context: CanvasRenderingContext2D,
  { x, y }: { x: number; y: number },
  radius: number,
  colour: string,
  width: number,
  ink: ChartInk,
): void {
  if (!(x === x && y === y)) return;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = ink.surface;
  context.lineWidth = width + 2.5;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

/** A line through time: a ring where it begins, a dot where it ends, so that its direction is seen. */
function drawLine(
  context: CanvasRenderingContext2D,
  { points, colour, dash }: CloudLine,
  at: PixelOf,
  ink: ChartInk,
): void {
  const path = new Path2D();
  let first: { x: number; y: number } | null = null;
  let last = { x: NaN, y: NaN };
  for (const i of points) {
    const pixel = at(i);
    if (!(pixel.x === pixel.x && pixel.y === pixel.y)) continue;
    if (!first) {
      first = pixel;
      path.moveTo(pixel.x, pixel.y);
    } else path.lineTo(pixel.x, pixel.y);
    last = pixel;
  }
  if (!first) return;
  context.lineJoin = 'round';
  context.strokeStyle = ink.surface;
  context.lineWidth = 3.5;
  context.globalAlpha = 0.7;
  context.stroke(path);
  context.globalAlpha = 1;
  context.setLineDash([...(dash ?? [])]);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.stroke(path);
  context.setLineDash([]);
  ring(context, first, 4, colour, 2, ink);
  context.beginPath();
  context.arc(last.x, last.y, 4.5, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function drawLabels(
  context: CanvasRenderingContext2D,
  labels: readonly CloudLabel[],
  p: Projection,
  ink: ChartInk,
): void {
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  for (const { x, y, z, text } of labels) {
    const [at, down] = [p[0] * x + p[1] * y + p[2] * z + p[3], p[4] * x + p[5] * y + p[6] * z + p[7]];
    context.strokeStyle = ink.surface;
    context.lineWidth = 4;
    context.strokeText(text, at, down);
    context.fillStyle = ink.ink;
    context.fillText(text, at, down);
  }
}

function drawAxes(
  context: CanvasRenderingContext2D,
  axes: readonly string[],
  p: Projection,
  ink: ChartInk,
  { width, height }: { width: number; height: number },
  dims: 2 | 3,
): void {
  if (dims === 2) {
    if (axes.length < 2) return;
    context.fillStyle = ink.soft;
    context.textBaseline = 'alphabetic';
    context.textAlign = 'right';
    context.fillText(`${axes[0]} →`, width - 10, height - 10);
    context.save();
    context.translate(16, 12);
    context.rotate(-Math.PI / 2);
    context.fillText(`${axes[1]} →`, 0, 0);
    context.restore();
    return;
  }
  // Where the axes of a body point.
  const [cx, cy, length] = [46, height - 46, 30];
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let axis = 0; axis < 3; axis++) {
    const [dx, dy, dz] = [p[axis], p[4 + axis], p[8 + axis]];
    const norm = Math.hypot(dx, dy, dz) || 1;
    const [x, y] = [cx + (dx / norm) * length, cy + (dy / norm) * length];
    context.strokeStyle = ink.cursor;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(cx, cy);
    context.lineTo(x, y);
    context.stroke();
    const name = axes[axis] ?? String(axis + 1);
    context.strokeStyle = ink.surface;
    context.lineWidth = 3;
    const out = 1.28;
    context.strokeText(name, cx + (x - cx) * out, cy + (y - cy) * out);
    context.fillStyle = ink.soft;
    context.fillText(name, cx + (x - cx) * out, cy + (y - cy) * out);
  }
}

function drawPolygon(context: CanvasRenderingContext2D, polygon: readonly number[], ink: ChartInk): void {
  if (polygon.length < 4) return;
  context.beginPath();
  context.moveTo(polygon[0], polygon[1]);
  for (let i = 2; i + 1 < polygon.length; i += 2) context.lineTo(polygon[i], polygon[i + 1]);
  context.closePath();
  context.globalAlpha = 0.12;
  context.fillStyle = ink.accent;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = ink.accent;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.stroke();
  context.setLineDash([]);
}
