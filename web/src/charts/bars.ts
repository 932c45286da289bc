import { partOf, type LaneView, type Scale } from './lanes';

/** Where one bar starts and how long it is, as parts of its rail. */
export interface Extent {
  left: number;
  width: number;
}

/** Shortest bar that is drawn: a value at the base is still seen to be there. */
const SHORTEST = 0.004;

/**
 * The bar of `value`: from zero where zero lies within the axis, else from the axis' low end. Null where there is no finite number.
 */
export function barOf(value: number, scale: Scale): Extent | null {
  if (!Number.isFinite(value)) return null;
  const [base, end] = [partOf(baseOf(scale), scale), partOf(value, scale)];
  const width = Math.max(SHORTEST, Math.abs(end - base));
  return { left: Math.min(base, end, 1 - SHORTEST), width };
}

/** What bars grow from. */
export function baseOf([low, high]: Scale): number {
  return Math.min(high, Math.max(low, 0));
}

/** Draws one value a lane as a bar. Bars move by transform alone, so that a picture of the screen costs no layout. */
export function paintBars({ rows }: LaneView, values: ArrayLike<number> | null, scale: Scale): void {
  const [low, high] = scale;
  const zero = low < 0 && high > 0 ? partOf(0, scale) : null;
  for (const row of rows) {
    const index = Number(row.dataset.lane);
    const bar = row.querySelector('i');
    if (index < 0 || !bar) continue;
    const extent = values ? barOf(values[index] ?? NaN, scale) : null;
    bar.style.opacity = extent ? '1' : '0';
    if (extent) bar.style.transform = `translateX(${extent.left * 100}%) scaleX(${extent.width})`;
    const mark = row.querySelector('b')!;
    mark.style.opacity = zero === null ? '0' : '1';
    // The mark is one pixel wide: a share of its own width would not move it, so its place is a margin that changes with the axis alone.
    const place = zero === null ? '' : `${zero * 100}%`;
    if (mark.style.left !== place) mark.style.left = place;
  }
}
