import { inkOfSlot, NEUTRAL, type Look } from '../theme/palette';
import { SEQUENTIAL, sequentialStep } from '../theme/sequential';

/** Most words that are told apart by colour; the others share one. */
const WORDS_MAX = 7;

/** Of rows without a value. */
export const FAINT: Record<Look, string> = NEUTRAL;

/** What rows are coloured by: numbers, or indices into words; NaN where there is none. */
export interface Coloured {
  values: ArrayLike<number>;
  words?: readonly string[] | null;
}

/** What a colour stands for. */
export interface ColourEntry {
  /** Empty between the ends of a scale. */
  label: string;
  colour: string;
  /** Index of the colour. */
  group: number;
  /** What it is in full. */
  doc?: string;
}

/** How rows are coloured. */
export interface RowColours {
  /** Index into `colours` of a row. */
  group: (row: number) => number;
  colours: readonly string[];
  /** What each colour stands for; empty without a field. */
  legend: readonly ColourEntry[];
}

/** Colours of rows by a field: words by slot, numbers from low to high over the rows given. `faint` is for rows without a value. */
export function coloursBy(
  field: Coloured | null,
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
    const legend: ColourEntry[] = shown.map((label, i) => ({ label, colour: colours[i], group: i }));
    const [others, rest] = [words.length - WORDS_MAX, { colour: faint, group: shown.length }];
    if (others > 0) legend.push({ label: `${others} others`, ...rest });
    else if (hasGaps(values, rows)) legend.push({ label: 'none', ...rest });
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
  const edge = (i: number) => format(low + ((high - low) * i) / steps.length);
  const legend: ColourEntry[] =
    low < high
      ? steps.map((colour, i) => ({
          colour,
          group: i,
          label: i === 0 ? format(low) : i === steps.length - 1 ? format(high) : '',
          doc: `${edge(i)} to ${edge(i + 1)}`,
        }))
      : low === high
        ? [{ colour: steps[steps.length >> 1], group: steps.length >> 1, label: format(low) }]
        : [];
  if (hasGaps(values, rows)) legend.push({ label: 'none', colour: faint, group: steps.length });
  return {
    group: (row) => sequentialStep(values[row], low, high) ?? steps.length,
    colours: [...steps, faint],
    legend,
  };
}

/** Whether some row has no value, or one that is not finite. */
function hasGaps(values: ArrayLike<number>, rows: ArrayLike<number>): boolean {
  for (let i = 0; i < rows.length; i++) if (!Number.isFinite(values[rows[i]])) return true;
  return false;
}
