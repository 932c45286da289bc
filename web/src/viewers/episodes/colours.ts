import { inkOfSlot, type Look } from '../../theme/palette';
import { SEQUENTIAL, sequentialStep } from '../../theme/sequential';
import type { EpisodeField } from './fields';

/** Most words that are told apart by colour; the others share one. */
const WORDS_MAX = 7;

/** How rows are coloured by a field. */
export interface RowColours {
  /** Index into `colours` of a row. */
  group: (row: number) => number;
  colours: readonly string[];
  /** What each colour stands for; empty without a field. */
  legend: readonly { label: string; colour: string }[];
}

/** Colours of rows by a field: words by slot, numbers from low to high over the rows given. `faint` is for rows without a value. */
export function coloursBy(
  field: EpisodeField | null,
  rows: ArrayLike<number>,
  look: Look,
  plain: string,
  faint: string,
  format: (value: number) => string,
): RowColours {
  if (!field) return { group: () => 0, colours: [plain], legend: [] };
  const { values, words } = field;
  if (words) {
    const shown = words.slice(0, WORDS_MAX);
    const colours = [...shown.map((_, i) => inkOfSlot(i, look).colour), faint];
    const legend = shown.map((label, i) => ({ label, colour: colours[i] }));
    if (words.length > WORDS_MAX) legend.push({ label: `${words.length - WORDS_MAX} others`, colour: faint });
    return { group: (row) => (values[row] < WORDS_MAX ? values[row] : shown.length), colours, legend };
  }
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const steps = SEQUENTIAL[look];
  const legend =
    low <= high
      ? steps.map((colour, i) => ({
          colour,
          label: i === 0 ? format(low) : i === steps.length - 1 ? format(high) : '',
        }))
      : [];
  return {
    group: (row) => sequentialStep(values[row], low, high) ?? steps.length,
    colours: [...steps, faint],
    legend,
  };
}
