/** Smallest and largest finite value; null when there is none. */
export function extentOf(values: ArrayLike<number>): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** Whether colours part at zero: when a person said so, else when there are values on both sides. */
export function isDiverging(colours: string, extent: readonly [number, number] | null): boolean {
  if (colours === 'diverging' || colours === 'sequential') return colours === 'diverging';
  return extent !== null && extent[0] < 0 && extent[1] > 0;
}
