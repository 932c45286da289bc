import { value as valueText } from '../theme/format';
import type { Extent } from './series';
import { finiteExtent, paddedExtent } from './step_scale';
import { logTick, SPAN_STEPS, xTicks, yTick } from './ticks';

/** What the numbers of an axis are: measured values, whole counts, seconds since 1970, or seconds. */
export type ScatterKind = 'number' | 'count' | 'time' | 'span';

/** One axis of a scatter chart, as its owner describes it. */
export interface ScatterAxis {
  label: string;
  kind: ScatterKind;
  log: boolean;
}

/** Values along pixels: `low` lies at `from`, `high` at `to`. On a logarithmic axis both are above zero. */
export interface ScatterScale {
  low: number;
  high: number;
  log: boolean;
  from: number;
  to: number;
}

/** A scale that shows all finite values; on a logarithmic axis all that are above zero. */
export function scaleOf(
  axis: ScatterAxis,
  values: ArrayLike<number>,
  from: number,
  to: number,
): ScatterScale {
  if (!axis.log) {
    const extent = finiteExtent(values);
    const [low, high] = axis.kind === 'number' ? paddedExtent(extent) : padded(extent, axis.kind);
    return { low, high, log: false, from, to };
  }
  let [low, high] = [Infinity, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value > 0) || value === Infinity) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0.1, 10];
  const room = low === high ? 10 : (high / low) ** 0.04;
  return { low: low / room, high: high * room, log: true, from, to };
}

/** Counts and times: zero is no landmark of a stretch of them. */
function padded(extent: Extent | null, kind: ScatterKind): Extent {
  if (!extent) return [0, 1];
  const least = kind === 'time' || kind === 'count' ? 0.5 : extent[0] === extent[1] ? 0.5 : 0;
  const room = Math.max((extent[1] - extent[0]) * 0.03, least);
  return [extent[0] - room, extent[1] + room];
}

/** The pixel of a value: an edge for infinities, NaN for what has no place. */
export function pixelFromValue(scale: ScatterScale, value: number): number {
  const { low, high, log, from, to } = scale;
  if (value === Infinity) return to;
  if (value === -Infinity) return log ? NaN : from;
  if (log && !(value > 0)) return NaN;
  const part = log
    ? Math.log(value / low) / Math.log(high / low)
    : high - low === Infinity
      ? (value / 2 - low / 2) / (high / 2 - low / 2)
      : (value - low) / (high - low);
  return from + part * (to - from);
}

export function valueFromPixel(scale: ScatterScale, pixel: number): number {
  const { low, high, log, from, to } = scale;
  const part = (pixel - from) / (to - from);
  return log ? low * (high / low) ** part : low + part * (high - low);
}

/** Round values of an axis with their labels, about `count` of them. */
export function ticksOfScale(
  axis: ScatterAxis,
  scale: ScatterScale,
  count: number,
): { value: number; label: string }[] {
  if (scale.log) return logTicks(scale, count).map((value) => ({ value, label: logTick(value) }));
  const step = stepOf(axis.kind, scale.high - scale.low, count);
  if (!(step > 0) || !Number.isFinite(step)) {
    return [scale.low, scale.high].map((value) => ({ value, label: valueText(value, 3) }));
  }
  const values: number[] = [];
  for (let i = Math.ceil(scale.low / step - 1e-9); i * step <= scale.high + step * 1e-9; i++) {
    values.push(Number((i * step).toPrecision(12)) + 0);
  }
  const labels =
    axis.kind === 'time'
      ? xTicks('time', values, step)
      : axis.kind === 'span'
        ? xTicks('relative', values, step)
        : values.map((value) => yTick(value, step));
  return values.map((value, i) => ({ value, label: labels[i] }));
}

function stepOf(kind: ScatterKind, span: number, count: number): number {
  const rough = span / Math.max(1, count);
  if (kind === 'time' || kind === 'span') {
    const known = SPAN_STEPS.find((step) => step >= rough);
    if (known) return known;
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  // Half an episode is no episode.
  return kind === 'count' ? Math.max(1, step) : step;
}

function logTicks({ low, high }: ScatterScale, count: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const parts = (last - first) * 3 <= count * 2 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let power = first; power <= last; power += every) {
    for (const part of parts) {
      const value = part * 10 ** power;
      if (value >= low && value <= high) values.push(value);
    }
  }
  return values;
}
