/** Ends of an upright axis that holds all finite `values`, from 0 on when asked; never empty. */
export function rangeOf(values: readonly number[], fromZero: boolean): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = fromZero ? Math.min(0, ...finite) : Math.min(...finite);
  const high = Math.max(...finite);
  return high > low ? [low, high] : [low - (fromZero ? 0 : 1), high + 1];
}
