/** One row of a chart of rows: what it stands for. Headings part the rows into groups. */
export interface Lane {
  /** Position among the values; −1 for a heading. */
  index: number;
  label: string;
  /** CSS colour of its key, the same wherever it appears. */
  colour: string;
}

/** A heading between lanes. */
export function heading(label: string): Lane {
  return { index: -1, label, colour: '' };
}

/** Ends of an axis. */
export type Scale = readonly [low: number, high: number];

/** Where `value` lies on the axis, from 0 to 1; values beyond its ends lie at them. */
export function partOf(value: number, [low, high]: Scale): number {
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
}

/** What of a chart of lanes is on the screen, for those who draw into it. */
export interface LaneView {
  /** One element a lane in view, headings included, in order. */
  rows: HTMLElement[];
  /** Over the middle column of those rows; null when rows hold bars. */
  canvas: HTMLCanvasElement | null;
  /** Height of a row in CSS pixels. */
  height: number;
}

/** Marks the lanes that were chosen and those that are best, in words too. */
export function markLanes(
  rows: readonly HTMLElement[],
  chosen: ReadonlySet<number>,
  best: ReadonlySet<number>,
): void {
  for (const row of rows) {
    const index = Number(row.dataset.lane);
    if (index < 0) continue;
    const marks = `${chosen.has(index) ? 'taken' : ''}${best.has(index) ? ' highest' : ''}`.trim();
    if (row.dataset.marks === marks) continue;
    row.dataset.marks = marks;
    const words = row.querySelector('.words');
    if (words) words.textContent = marks;
  }
}

/** Index of the largest value within `from <= i < to`, the first of equals; null when there is no number. */
export function indexOfLargest(values: ArrayLike<number>, from = 0, to = values.length): number | null {
  let best: number | null = null;
  for (let i = from; i < to; i++) {
    if (!Number.isNaN(values[i]!) && (best === null || values[i]! > values[best]!)) best = i;
  }
  return best;
}
