import type { FieldEntry } from '../../../api/wire';
import type { EnvSpec } from '../../../api/wire';
import { elementsIn } from '../elements';
import { indexText } from '../roles';

/** One entry of what was explained. */
export interface Entry {
  name: string;
  unit: string;
}

/** Names of the entries of a value of this shape: those of the observation's elements where it is one, else their places. */
export function entriesOf(
  shape: readonly number[],
  field: FieldEntry | undefined,
  env: EnvSpec | null,
): Entry[] {
  const count = shape.reduce((product, length) => product * length, 1);
  const elements = field ? elementsIn([field], env) : [];
  if (elements.length === count) return elements.map(({ name, unit }) => ({ name, unit }));
  return Array.from({ length: count }, (_, index) => ({ name: `[${indexText(shape, index)}]`, unit: '' }));
}

/** What rows are ordered by. `size` is the magnitude of the attribution. */
export const ENTRY_ORDERS = ['given', 'name', 'value', 'attribution', 'size'] as const;
export type EntryOrder = (typeof ENTRY_ORDERS)[number];

interface Ordering {
  order: EntryOrder;
  /** Largest (or last) first. */
  descending: boolean;
  /** Text that a name or unit must hold. */
  filter: string;
}

/**
 * Indices of the entries to show. Entries that are equal stay in the order in which they were given, whichever way the others go; what is
 * no number comes last.
 */
export function orderEntries(
  entries: readonly Entry[],
  { order, descending, filter }: Ordering,
  valueOf: (index: number) => number,
  attributionOf: (index: number) => number,
): number[] {
  const wanted = filter.trim().toLowerCase();
  const shown: number[] = [];
  entries.forEach(({ name, unit }, index) => {
    if (wanted === '' || `${name} ${unit}`.toLowerCase().includes(wanted)) shown.push(index);
  });
  const way = descending ? -1 : 1;
  if (order === 'given') return descending ? shown.reverse() : shown;
  if (order === 'name') {
    const collator = new Intl.Collator('en', { numeric: true });
    return shown.sort((a, b) => way * collator.compare(entries[a]!.name, entries[b]!.name) || a - b);
  }
  const keys = new Float64Array(entries.length);
  for (const index of shown) {
    keys[index] = order === 'value' ? valueOf(index) : attributionOf(index);
    if (order === 'size') keys[index] = Math.abs(keys[index]!);
  }
  return shown.sort((a, b) => {
    const [first, second] = [keys[a]!, keys[b]!];
    if (Number.isNaN(first) || Number.isNaN(second)) {
      return Number(Number.isNaN(first)) - Number(Number.isNaN(second)) || a - b;
    }
    return way * (first - second) || a - b;
  });
}
