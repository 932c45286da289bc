/** From steps to pixels and back, and values thinned out to what a screen can show. No canvas in here. */

/** A stretch of steps over a width: the centre of step `from` lies at 0, that of `to` at `width`. */
export interface StepScale {
  from: number;
  to: number;
  /** CSS pixels. */
  width: number;
}

export function pixelFromStep({ from, to, width }: StepScale, step: number): number {
  return to > from ? ((step - from) / (to - from)) * width : width / 2;
}

/** The nearest step, within the scale. */
export function stepFromPixel({ from, to, width }: StepScale, pixel: number): number {
  if (to <= from || width <= 0) return from;
  return Math.min(to, Math.max(from, Math.round(from + (pixel / width) * (to - from))));
}

/** Smallest and largest finite value; null when there is none. */
export function finiteExtent(values: ArrayLike<number>): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/**
 * The extent a chart shows: a little room above and below, and zero in view when it is near, because most quantities
 * of a step (reward, advantage, TD error) are about their sign.
 */
export function paddedExtent(extent: [number, number] | null): [number, number] {
  if (!extent) return [0, 1];
  let [low, high] = extent;
  const span = high - low;
  if (low > 0 && low < span) low = 0;
  if (high < 0 && -high < span) high = 0;
  if (low === high) {
    const room = Math.abs(low) > 0 ? Math.abs(low) * 0.5 : 0.5;
    return [low - room, high + room];
  }
  const room = (high - low) * 0.06;
  return [low - room, high + room];
}

/** One column of pixels of a dense line. A column without finite values has `count` 0. */
export interface PixelColumns {
  /** First, smallest, largest and last finite value of each column. */
  first: Float64Array;
  min: Float64Array;
  max: Float64Array;
  last: Float64Array;
  count: Uint32Array;
}

/**
 * Thins values to `columns` columns. Row `i` is step `start + i`; the steps `from` to `to` are spread over the columns. Every
 * extreme survives: each column keeps its smallest and largest value, and its ends for the line in between.
 */
export function minMaxColumns(
  values: ArrayLike<number>,
  start: number,
  from: number,
  to: number,
  columns: number,
): PixelColumns {
  const out: PixelColumns = {
    first: new Float64Array(columns).fill(NaN),
    min: new Float64Array(columns).fill(NaN),
    max: new Float64Array(columns).fill(NaN),
    last: new Float64Array(columns).fill(NaN),
    count: new Uint32Array(columns),
  };
  const steps = to - from + 1;
  if (steps <= 0 || columns <= 0) return out;
  const begin = Math.max(0, from - start);
  const end = Math.min(values.length - 1, to - start);
  for (let i = begin; i <= end; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const column = Math.min(columns - 1, Math.floor(((start + i - from) / steps) * columns));
    if (out.count[column]++ === 0) {
      out.first[column] = out.min[column] = out.max[column] = value;
    } else if (value < out.min[column]!) out.min[column] = value;
    else if (value > out.max[column]!) out.max[column] = value;
    out.last[column] = value;
  }
  return out;
}
