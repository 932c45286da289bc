import type { TargetChoice } from '../../../api/attribution';
import { pairOf, targetTitle } from './why_spec';

/** One thing that can be explained, as a row of the picker. */
export interface TargetRow {
  name: string;
  title: string;
  /** Which action it is about; null for what is about none. */
  action: number | null;
}

/** How the actions are ordered; what is about no single action always comes first, as it was given. */
export type TargetOrder = 'given' | 'likeliest';

/** Rows for these targets. Differences of two actions are no rows: they are made of two. */
export function targetRows(targets: readonly TargetChoice[], nameOf: (index: number) => string): TargetRow[] {
  return targets
    .filter(({ name, several }) => pairOf(name) === null && !several)
    .map(({ name, label }) => {
      const action = /^\d{1,6}$/.test(name) ? Number(name) : null;
      return { name, title: action === null ? (label ?? targetTitle(name, nameOf)) : nameOf(action), action };
    });
}

/** Indices of the rows to show: those whose title holds `filter`, in order. Equal numbers stay as they were given; no number comes last. */
export function orderedTargets(
  rows: readonly TargetRow[],
  filter: string,
  order: TargetOrder,
  numberOf: (action: number) => number,
): number[] {
  const wanted = filter.trim().toLowerCase();
  const shown = rows.flatMap(({ title, name }, i) =>
    wanted === '' || `${title} ${name}`.toLowerCase().includes(wanted) ? [i] : [],
  );
  if (order === 'given') return shown;
  const key = (i: number) => {
    const { action } = rows[i]!;
    if (action === null) return Infinity;
    const number = numberOf(action);
    return Number.isNaN(number) ? -Infinity : number;
  };
  return shown.toSorted((a, b) => {
    const [first, second] = [key(a), key(b)];
    return first === second ? a - b : second - first;
  });
}

/** The target after an action was set against the one that is chosen, or no longer is; null where no single action is chosen. */
export function against(target: string, other: number): string | null {
  const pair = pairOf(target);
  const first = pair ? pair[0] : /^\d{1,6}$/.test(target) ? Number(target) : null;
  if (first === null || first === other) return null;
  return pair?.[1] === other ? String(first) : `${first}-${other}`;
}
