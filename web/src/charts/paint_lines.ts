import type { LineSeries } from './series';
import { lowerBound } from './series';

/** Where values lie on the canvas, in device pixels. */
export interface Plane {
  left: number;
  top: number;
  width: number;
  height: number;
  /** Part of the x axis that is seen. */
  xFrom: number;
  xTo: number;
  xFromValue: (x: number) => number;
  /** NaN for values that the scale cannot show. */
  yFromValue: (y: number) => number;
  /** Device pixels a CSS pixel. */
  ratio: number;
}

const EDGE_PX = 4;
const BAND_OPACITY = 0.16;
/** Opacity of the values behind a smoothed line. */
const BEHIND_OPACITY = 0.24;
/** Opacity of all other series while one is brought out. */
const ASIDE_OPACITY = 0.25;

/** Draws bands, then lines; `emphasised` (an id) last, thicker, with the others set back. */
export function paintLines(
  context: CanvasRenderingContext2D,
  plane: Plane,
  all: readonly LineSeries[],
  emphasised: string | null,
): void {
  context.save();
  context.beginPath();
  // A little wider than the plane, so that points on its edges are whole.
  const air = EDGE_PX * plane.ratio;
  context.rect(plane.left - air, plane.top, plane.width + 2 * air, plane.height);
  context.clip();
  context.lineJoin = 'round';
  const front = all.find((series) => series.id === emphasised);
  const ordered = front ? [...all.filter((series) => series !== front), front] : all;
  const opacity = (series: LineSeries) => (front && series !== front ? ASIDE_OPACITY : 1);
  for (const series of ordered) {
    context.globalAlpha = BAND_OPACITY * opacity(series);
    paintBand(context, plane, series);
  }
  for (const series of ordered) {
    context.strokeStyle = context.fillStyle = series.colour;
    const width = (series === front ? 2.25 : 1.5) * plane.ratio;
    if (series.marks) {
      context.globalAlpha = opacity(series);
      paintMarks(context, plane, series.marks);
    }
    if (series.scattered) {
      context.globalAlpha = 0.7 * opacity(series);
      paintDots(context, plane, series, width);
      continue;
    }
    if (series.smooth) {
      context.globalAlpha = BEHIND_OPACITY * opacity(series);
      paintLine(context, plane, series, series.y, plane.ratio);
    }
    context.globalAlpha = opacity(series);
    paintLine(context, plane, series, series.smooth ?? series.y, width);
    paintMissing(context, plane, series);
  }
  context.restore();
}

/** Calls back for each stretch of points that are there, as a half-open range of indices that covers what is seen. */
export function stretches(
  x: Float64Array,
  plane: Pick<Plane, 'xFrom' | 'xTo' | 'yFromValue'>,
  columns: readonly Float64Array[],
  found: (from: number, to: number) => void,
): void {
  const start = Math.max(0, lowerBound(x, plane.xFrom) - 1);
  const end = Math.min(x.length, lowerBound(x, plane.xTo) + 2);
  let from = -1;
  for (let i = start; i < end; i += 1) {
    const there = columns.every(
      (column) => Number.isFinite(column[i]) && Number.isFinite(plane.yFromValue(column[i])),
    );
    if (there && from < 0) from = i;
    if (!there && from >= 0) {
      found(from, i);
      from = -1;
    }
  }
  if (from >= 0) found(from, end);
}

function paintLine(
  context: CanvasRenderingContext2D,
  plane: Plane,
  series: LineSeries,
  y: Float64Array,
  width: number,
): void {
  context.lineWidth = width;
  context.setLineDash(series.dash.map((length) => length * plane.ratio));
  stretches(series.x, plane, [y], (from, to) => {
    context.beginPath();
    if (to - from === 1) {
      // A point with no neighbour makes no line, but it was logged.
      context.arc(plane.xFromValue(series.x[from]), plane.yFromValue(y[from]), 1.3 * width, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    for (let i = from; i < to; i += 1) context.lineTo(plane.xFromValue(series.x[i]), plane.yFromValue(y[i]));
    context.stroke();
  });
  context.setLineDash([]);
}

function paintBand(context: CanvasRenderingContext2D, plane: Plane, series: LineSeries): void {
  const { x, low, high } = series;
  if (!low || !high) return;
  context.fillStyle = series.colour;
  stretches(x, plane, [low, high], (from, to) => {
    if (to - from === 1) return;
    context.beginPath();
    for (let i = from; i < to; i += 1) context.lineTo(plane.xFromValue(x[i]), plane.yFromValue(high[i]));
    for (let i = to - 1; i >= from; i -= 1) context.lineTo(plane.xFromValue(x[i]), plane.yFromValue(low[i]));
    context.fill();
  });
}

function paintDots(context: CanvasRenderingContext2D, plane: Plane, series: LineSeries, width: number): void {
  const start = lowerBound(series.x, plane.xFrom);
  for (let i = start; i < series.x.length && series.x[i] <= plane.xTo; i += 1) {
    const y = plane.yFromValue(series.y[i]);
    if (!Number.isFinite(y)) continue;
    context.beginPath();
    context.arc(plane.xFromValue(series.x[i]), y, 1.5 * width, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Short strokes that rise from the lower edge. */
function paintMarks(context: CanvasRenderingContext2D, plane: Plane, marks: Float64Array): void {
  const [width, height] = [2 * plane.ratio, 7 * plane.ratio];
  let beyond = -Infinity;
  for (let i = lowerBound(marks, plane.xFrom); i < marks.length && marks[i] <= plane.xTo; i += 1) {
    const x = Math.round(plane.xFromValue(marks[i]) - width / 2);
    if (x - beyond < width) continue;
    beyond = x;
    context.fillRect(x, plane.top + plane.height - height, width, height);
  }
}

/** A small cross on the lower edge wherever something was logged that is no number, so that a gap is not mistaken for silence. */
function paintMissing(context: CanvasRenderingContext2D, plane: Plane, series: LineSeries): void {
  const size = 2.5 * plane.ratio;
  const y = plane.top + plane.height - 2 * size;
  const start = lowerBound(series.x, plane.xFrom);
  context.lineWidth = 1.25 * plane.ratio;
  let beyond = -Infinity;
  for (let i = start; i < series.x.length && series.x[i] <= plane.xTo; i += 1) {
    if (Number.isFinite(series.y[i])) continue;
    const x = plane.xFromValue(series.x[i]);
    if (x - beyond < 4 * size) continue;
    beyond = x;
    context.beginPath();
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x + size, y - size);
    context.lineTo(x - size, y + size);
    context.stroke();
  }
}
