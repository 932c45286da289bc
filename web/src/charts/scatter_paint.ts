import type { ChartInk } from './ink';
import { rgbOf } from './ramp';
import { shadeDensity } from './scatter_density';
import type { ScatterPoints, ScatterTrend } from './scatter_points';
import { pixelFromValue, ticksOfScale, type ScatterAxis, type ScatterScale } from './scatter_scale';

/** A scatter chart of one size: its scales, and the pixel of each point, NaN where it has none. */
export interface ScatterLayout {
  width: number;
  height: number;
  x: ScatterScale;
  y: ScatterScale;
  px: Float32Array;
  py: Float32Array;
}

/** Points beyond this are shaded by density: dots would only hide one another. */
export const DOTS_MAX = 20_000;
/** Side of a cell of the density, in CSS pixels. */
const CELL = 2;

export function paintAxes(
  context: CanvasRenderingContext2D,
  layout: ScatterLayout,
  axes: { x: ScatterAxis; y: ScatterAxis },
  ink: ChartInk,
): void {
  const { x, y, width, height } = layout;
  context.font = ink.font;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const { value, label } of ticksOfScale(axes.y, y, Math.max(2, Math.floor(height / 36)))) {
    const at = Math.round(pixelFromValue(y, value));
    context.fillStyle = value === 0 ? ink.line : ink.grid;
    context.fillRect(x.from, at, x.to - x.from, 1);
    context.fillStyle = ink.faint;
    context.fillText(label, x.from - 8, at);
  }
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  for (const { value, label } of ticksOfScale(axes.x, x, Math.max(2, Math.floor(width / 110)))) {
    const at = Math.round(pixelFromValue(x, value));
    context.fillStyle = ink.grid;
    context.fillRect(at, y.to, 1, y.from - y.to);
    context.fillStyle = ink.faint;
    const half = context.measureText(label).width / 2;
    context.fillText(label, Math.min(width - half - 2, Math.max(half, at)), y.from + 14);
  }
  context.fillStyle = ink.soft;
  context.textAlign = 'right';
  context.fillText(axes.x.label + (axes.x.log ? ' (log)' : ''), x.to, height - 4);
  context.textAlign = 'left';
  context.fillText(axes.y.label + (axes.y.log ? ' (log)' : ''), 8, 11);
}

export function paintPoints(
  context: CanvasRenderingContext2D,
  layout: ScatterLayout,
  points: ScatterPoints,
  ink: ChartInk,
): void {
  const { dimmed, marked } = points;
  if (layout.px.length > DOTS_MAX) {
    let marks = 0;
    if (marked) for (let i = 0; i < marked.length; i++) marks += marked[i] === 1 ? 1 : 0;
    const apart = marked && marks <= DOTS_MAX / 4 ? marked : null;
    if (dimmed) paintDensity(context, layout, points, 0.22, (i) => dimmed[i] === 1);
    paintDensity(context, layout, points, 1, (i) => dimmed?.[i] !== 1 && apart?.[i] !== 1);
    if (apart) paintDots(context, layout, points, ink, (i) => apart[i] === 1);
    return;
  }
  paintDots(context, layout, points, ink, (i) => dimmed?.[i] === 1);
  paintDots(context, layout, points, ink, (i) => dimmed?.[i] !== 1 && marked?.[i] !== 1);
  if (marked) paintDots(context, layout, points, ink, (i) => dimmed?.[i] !== 1 && marked[i] === 1);
}

function paintDots(
  context: CanvasRenderingContext2D,
  { px, py }: ScatterLayout,
  { group, colours, marked, dimmed }: ScatterPoints,
  ink: ChartInk,
  chosen: (point: number) => boolean,
): void {
  const plain = px.length > 4000 ? 1.5 : px.length > 800 ? 2 : 3;
  context.strokeStyle = ink.surface;
  context.lineWidth = 1;
  for (let i = 0; i < px.length; i++) {
    if (!(px[i] === px[i]) || !(py[i] === py[i]) || !chosen(i)) continue;
    context.fillStyle = colours[group ? group[i] : 0] ?? ink.faint;
    context.globalAlpha = dimmed?.[i] === 1 ? 0.18 : marked?.[i] === 1 ? 1 : 0.75;
    context.beginPath();
    context.arc(px[i], py[i], marked?.[i] === 1 ? Math.max(3.5, plain + 1.5) : plain, 0, 2 * Math.PI);
    context.fill();
    if (marked?.[i] === 1) context.stroke();
  }
  context.globalAlpha = 1;
}

function paintDensity(
  context: CanvasRenderingContext2D,
  { width, height, px, py }: ScatterLayout,
  { group, colours }: ScatterPoints,
  alpha: number,
  chosen: (point: number) => boolean,
): void {
  const [columns, rows] = [Math.ceil(width / CELL), Math.ceil(height / CELL)];
  const rgb = colours.map(rgbOf);
  const cellX = px.map((pixel) => pixel / CELL);
  const cellY = py.map((pixel) => pixel / CELL);
  const image = new ImageData(columns, rows);
  shadeDensity(image.data, columns, rows, cellX, cellY, (i) =>
    chosen(i) ? (rgb[group ? group[i] : 0] ?? [128, 128, 128]) : null,
  );
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.globalAlpha = alpha;
  context.drawImage(canvas, 0, 0, columns * CELL, rows * CELL);
  context.globalAlpha = 1;
}

export function paintTrends(
  context: CanvasRenderingContext2D,
  { x, y }: ScatterLayout,
  trends: readonly ScatterTrend[],
  ink: ChartInk,
): void {
  context.save();
  context.beginPath();
  context.rect(x.from, y.to, x.to - x.from, y.from - y.to);
  context.clip();
  context.lineJoin = 'round';
  for (const trend of trends) {
    const path = pathOf(trend, x, y);
    // A rim of the background keeps the line apart from points of its colour.
    context.setLineDash([]);
    context.strokeStyle = ink.surface;
    context.lineWidth = 4;
    context.stroke(path);
    context.setLineDash([...(trend.dash ?? [])]);
    context.strokeStyle = trend.colour;
    context.lineWidth = 2;
    context.stroke(path);
  }
  context.restore();
}

function pathOf(trend: ScatterTrend, x: ScatterScale, y: ScatterScale): Path2D {
  const path = new Path2D();
  let open = false;
  let lastX = NaN;
  for (let i = 0; i < trend.x.length; i++) {
    const px = pixelFromValue(x, trend.x[i]);
    const py = Number.isFinite(trend.y[i]) ? pixelFromValue(y, trend.y[i]) : NaN;
    if (!(px === px && py === py)) {
      open = false;
      continue;
    }
    // Half a pixel says all that a line has to say; the last point ends it where it ends.
    if (open && Math.abs(px - lastX) < 0.5 && i + 1 < trend.x.length) continue;
    if (open) path.lineTo(px, py);
    else path.moveTo(px, py);
    [open, lastX] = [true, px];
  }
  return path;
}
