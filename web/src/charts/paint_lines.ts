import type { Axis } from './axis';
import { lowerBound, type LineSeries } from './series';

const BAND_OPACITY = 0.16;
/** Opacity of the values behind a smoothed line. */
const BEHIND_OPACITY = 0.24;
/** Opacity of all other series while one is brought out. */
const ASIDE_OPACITY = 0.2;
/** Beyond so many lines, spreads and the values behind smoothed lines would only cover one another, and are left out. */
export const DETAILED_MAX = 24;
const EDGE_PX = 4;

/** Where lines are drawn, in CSS pixels. */
export interface Plane {
  x: Axis;
  y: Axis;
}

/** Draws bands, then lines; `emphasised` (an id) last, thicker, with the others set back. */
export function paintLines(
  context: CanvasRenderingContext2D,
  plane: Plane,
  all: readonly LineSeries[],
  emphasised: string | null,
): void {
  const { x, y } = plane;
  context.save();
  context.beginPath();
  // A little wider than the plane, so that points on its edges are whole.
  context.rect(x.start - EDGE_PX, y.end, x.end - x.start + 2 * EDGE_PX, y.start - y.end);
  context.clip();
  // A round join costs half as much again, and with hundreds of lines nobody sees it.
  const detailed = all.length <= DETAILED_MAX;
  context.lineJoin = detailed ? 'round' : 'bevel';
  const front = all.find((series) => series.id === emphasised);
  const ordered = front ? [...all.filter((series) => series !== front), front] : all;
  const opacity = (series: LineSeries) => (front && series !== front ? ASIDE_OPACITY : 1);
  for (const series of ordered) {
    if (!detailed && !series.interval && series !== front) continue;
    context.globalAlpha = BAND_OPACITY * opacity(series);
    paintBand(context, plane, series);
  }
  for (const series of ordered) {
    context.strokeStyle = context.fillStyle = series.colour;
    const width = series === front ? 2.25 : detailed ? 1.5 : 1;
    if (series.marks && detailed) {
      context.globalAlpha = opacity(series);
      paintMarks(context, plane, series.marks);
    }
    if (series.scattered) {
      context.globalAlpha = 0.7 * opacity(series);
      paintDots(context, plane, series, width);
      continue;
    }
    if (series.smooth && (detailed || series === front)) {
      context.globalAlpha = BEHIND_OPACITY * opacity(series);
      paintLine(context, plane, series, series.y, 1);
    }
    context.globalAlpha = opacity(series);
    paintLine(context, plane, series, series.smooth ?? series.y, width);
    paintOdd(context, plane, series);
  }
  context.restore();
}

/** Calls back for each stretch of points that are there, as a half-open range of indices that covers what is seen. */
export function stretches(
  xs: Float64Array,
  { x, y }: { x: Pick<Axis, 'from' | 'to' | 'log'>; y: Pick<Axis, 'log'> },
  columns: readonly Float64Array[],
  found: (from: number, to: number) => void,
): void {
  let start = Math.max(0, lowerBound(xs, x.from) - 1);
  // A logarithmic axis begins above zero.
  while (x.log && start < xs.length && xs[start] <= 0) start += 1;
  const end = Math.min(xs.length, lowerBound(xs, x.to) + 2);
  let from = -1;
  for (let i = start; i < end; i += 1) {
    let there = true;
    for (const column of columns) {
      const value = column[i];
      if (!Number.isFinite(value) || (y.log && value <= 0)) there = false;
    }
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
  values: Float64Array,
  width: number,
): void {
  const { x, y } = plane;
  context.lineWidth = width;
  context.setLineDash(series.dash as number[]);
  stretches(series.x, plane, [values], (from, to) => {
    context.beginPath();
    if (to - from === 1) {
      // A point with no neighbour makes no line, but it was logged.
      context.arc(
        x.pixelFromValue(series.x[from]),
        y.pixelFromValue(values[from]),
        1.3 * width,
        0,
        2 * Math.PI,
      );
      context.fill();
      return;
    }
    for (let i = from; i < to; i += 1)
      context.lineTo(x.pixelFromValue(series.x[i]), y.pixelFromValue(values[i]));
    context.stroke();
  });
  if (series.dash.length > 0) context.setLineDash([]);
}

function paintBand(context: CanvasRenderingContext2D, plane: Plane, series: LineSeries): void {
  const { low, high } = series;
  if (!low || !high) return;
  const { x, y } = plane;
  context.fillStyle = series.colour;
  // On a logarithmic axis a band that reaches down to zero or below ends at the lower edge.
  const bottom = (value: number) => (y.log && value <= 0 ? y.start : y.pixelFromValue(value));
  stretches(series.x, plane, y.log ? [high] : [low, high], (from, to) => {
    if (to - from === 1) return;
    context.beginPath();
    for (let i = from; i < to; i += 1)
      context.lineTo(x.pixelFromValue(series.x[i]), y.pixelFromValue(high[i]));
    for (let i = to - 1; i >= from; i -= 1) context.lineTo(x.pixelFromValue(series.x[i]), bottom(low[i]));
    context.fill();
  });
}

function paintDots(
  context: CanvasRenderingContext2D,
  { x, y }: Plane,
  series: LineSeries,
  width: number,
): void {
  const start = lowerBound(series.x, x.from);
  for (let i = start; i < series.x.length && series.x[i] <= x.to; i += 1) {
    const top = y.pixelFromValue(series.y[i]);
    if (!Number.isFinite(top)) continue;
    context.beginPath();
    context.arc(x.pixelFromValue(series.x[i]), top, 1.5 * width, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Short strokes that rise from the lower edge. */
function paintMarks(context: CanvasRenderingContext2D, { x, y }: Plane, marks: Float64Array): void {
  const [width, height] = [2, 7];
  let beyond = -Infinity;
  for (let i = lowerBound(marks, x.from); i < marks.length && marks[i] <= x.to; i += 1) {
    const left = Math.round(x.pixelFromValue(marks[i]) - width / 2);
    if (left - beyond < width) continue;
    beyond = left;
    context.fillRect(left, y.start - height, width, height);
  }
}

/**
 * A mark at the edge wherever something was logged that is no number, so that a gap is not mistaken for silence: a cross below for NaN,
 * an arrowhead above or below for an infinity.
 */
function paintOdd(context: CanvasRenderingContext2D, { x, y }: Plane, series: LineSeries): void {
  const { odd } = series;
  if (!odd) return;
  const size = 3;
  context.lineWidth = 1.5;
  const beyond = [-Infinity, -Infinity, -Infinity];
  for (let i = lowerBound(odd.x, x.from); i < odd.x.length && odd.x[i] <= x.to; i += 1) {
    const at = x.pixelFromValue(odd.x[i]);
    const sign = odd.sign[i];
    if (!Number.isFinite(at) || at - beyond[sign + 1] < 3 * size) continue;
    beyond[sign + 1] = at;
    const top = sign > 0 ? y.end + 2 * size : y.start - 2 * size;
    context.beginPath();
    if (sign === 0) {
      context.moveTo(at - size, top - size);
      context.lineTo(at + size, top + size);
      context.moveTo(at + size, top - size);
      context.lineTo(at - size, top + size);
      context.stroke();
    } else {
      context.moveTo(at - size, top + sign * size);
      context.lineTo(at, top - sign * size);
      context.lineTo(at + size, top + sign * size);
      context.fill();
    }
  }
}
