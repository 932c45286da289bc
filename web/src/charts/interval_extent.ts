/** A number that may have an interval. */
export interface Interval {
  value: number | null;
  low: number | null;
  high: number | null;
}

/** Room on either side of what is drawn, as a share of it. */
const ROOM = 0.06;

/** An axis on which all intervals lie, and `reference` with them; one of width 1 around what has no width. */
export function intervalExtent(
  intervals: readonly Interval[],
  reference: number | null,
): readonly [number, number] {
  const numbers = [reference, ...intervals.flatMap(({ value, low, high }) => [value, low, high])].filter(
    (number) => number !== null && Number.isFinite(number),
  ) as number[];
  if (numbers.length === 0) return [0, 1];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (low === high) return [low - 0.5, high + 0.5];
  const room = (high - low) * ROOM;
  return [low - room, high + room];
}
