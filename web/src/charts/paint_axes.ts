import type { Axis } from './axis';
import { ticksOfLog, ticksOfX, ticksOfY, type LineX, type Tick } from './ticks';

/** Room around the lines, in CSS pixels. */
export const MARGIN = { left: 46, right: 14, top: 8, bottom: 24 } as const;

const X_SPACE_PX = 72;
const Y_SPACE_PX = 34;
const GAP_PX = 6;

/** What the axes look like. */
export interface AxisInk {
  grid: string;
  faint: string;
  font: string;
}

/** Ticks of both axes, as many as there is room for. */
export function ticksOf(x: Axis, y: Axis, kind: LineX): { x: Tick[]; y: Tick[] } {
  const width = Math.max(1, x.end - x.start);
  const height = Math.max(1, y.start - y.end);
  const offset = -new Date(x.to * 1000 || 0).getTimezoneOffset() * 60;
  return {
    x: x.log
      ? ticksOfLog([x.from, x.to], width / X_SPACE_PX)
      : ticksOfX(
          kind,
          [x.from, x.to],
          ((x.to - x.from) * X_SPACE_PX) / width,
          Number.isFinite(offset) ? offset : 0,
        ),
    y: y.log
      ? ticksOfLog([y.from, y.to], height / Y_SPACE_PX)
      : ticksOfY([y.from, y.to], ((y.to - y.from) * Y_SPACE_PX) / height),
  };
}

/** Draws grid and labels, in CSS pixels. */
export function paintAxes(
  context: CanvasRenderingContext2D,
  x: Axis,
  y: Axis,
  kind: LineX,
  ink: AxisInk,
): void {
  const ticks = ticksOf(x, y, kind);
  context.save();
  context.font = ink.font;
  context.fillStyle = ink.faint;
  context.strokeStyle = ink.grid;
  context.lineWidth = 1;
  context.beginPath();
  for (const { value } of ticks.x) {
    const at = Math.round(x.pixelFromValue(value)) + 0.5;
    context.moveTo(at, y.end);
    context.lineTo(at, y.start);
  }
  for (const { value } of ticks.y) {
    const at = Math.round(y.pixelFromValue(value)) + 0.5;
    context.moveTo(x.start, at);
    context.lineTo(x.end, at);
  }
  context.stroke();
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const { value, text } of ticks.x) {
    // A label at the edge stays within the chart.
    const half = context.measureText(text).width / 2;
    const at = Math.min(x.pixelFromValue(value), x.end + MARGIN.right - half);
    context.fillText(text, at, y.start + GAP_PX);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const { value, text } of ticks.y) context.fillText(text, x.start - GAP_PX, y.pixelFromValue(value));
  context.restore();
}
