import type { TargetChoice } from '../../../api/attribution';
import { isSeveral, parseTarget, targetTitle } from './target_text';

/** One thing that can be explained, as a row of the picker. */
export interface TargetRow {
  name: string;
  title: string;
  /** Which action it is about, of several choices at once which of all choices; null for what is about none. */
  action: number | null;
}

/** How the actions are ordered; what is about no single action always comes first, as it was given. */
export type TargetOrder = 'given' | 'likeliest';

/** How many choices each part of the action has; empty where it is one choice. */
export function partsOf(targets: readonly TargetChoice[]): number[] {
  const parts: number[] = [];
  for (const { name } of targets) {
    const found = /^(\d{1,4}):(\d{1,6})$/.exec(name);
    if (found) parts[Number(found[1])] = Math.max(parts[Number(found[1])] ?? 0, Number(found[2]) + 1);
  }
  return Array.from(parts, (length) => length ?? 0);
}

/** Which of all entries a choice of a part is; an action by its entry is that. Null for other terms. */
export function entryOf(term: string, parts: readonly number[]): number | null {
  const found = /^(?:(\d{1,4}):)?(\d{1,6})$/.exec(term);
  if (!found) return null;
  const before = found[1] === undefined ? [] : parts.slice(0, Number(found[1]));
  return before.reduce((sum, length) => sum + length, 0) + Number(found[2]);
}

/**
 * Rows for these targets. What is made of others, or has several answers, is no row, nor is another way to tell what an action is worth;
 * an action of several parts has the choice of each part, too.
 */
export function targetRows(targets: readonly TargetChoice[], nameOf: (index: number) => string): TargetRow[] {
  const parts = partsOf(targets);
  return targets
    .filter(({ name, several }) => {
      const { worth, not, terms } = parseTarget(name);
      return !several && worth === '' && not === null && terms.length === 1;
    })
    .flatMap(({ name, label }) => {
      const action = entryOf(name, parts);
      const isPlain = action !== null && !name.includes(':');
      // The server counts dimensions; names, and where actions start, are known here.
      const isCounted = isPlain && label?.startsWith('dimension ');
      const title = isPlain && !isCounted ? nameOf(action) : (label ?? targetTitle(name, nameOf));
      const row = { name, title, action };
      if (parts.length === 0 || (name !== 'action' && name !== 'greedy')) return [row];
      return [row, ...parts.map((_, part) => `${name}:${part}`).map((one) => rowOf(one, nameOf))];
    });
}

function rowOf(name: string, nameOf: (index: number) => string): TargetRow {
  return { name, title: targetTitle(name, nameOf), action: null };
}

/** Ways to tell what an action is worth, the usual one, which has no name, first; only that where there are no others. */
export function worthsOf(
  targets: readonly TargetChoice[],
  has: { quantiles: boolean; heads: number },
): string[] {
  const of = (kind: string) => targets.some(({ name }) => name.startsWith(`${kind}:`));
  const heads = of('head') ? Array.from({ length: Math.max(1, has.heads) }, (_, i) => `head:${i}`) : [];
  const tails = of('cvar') ? ['cvar:0.05', 'cvar:0.1', 'cvar:0.25'] : [];
  const quantiles = of('cvar') && has.quantiles ? ['quantile:0.1', 'quantile:0.5', 'quantile:0.9'] : [];
  return ['', ...tails, ...quantiles, ...heads];
}

/** Targets with several answers as those that stand side by side, at most `most`. */
export function sideBySide(
  target: string,
  { rows, parts }: { rows: readonly TargetRow[]; parts: readonly number[] },
  most: number,
): string[] {
  const entries = rows.filter(({ name, action }) => action !== null && !name.includes(':'));
  const joint = parts.length > 0 ? parts.reduce((product, length) => product * length, 1) : entries.length;
  const ranks = (count: number) => Array.from({ length: Math.min(count, joint) }, (_, i) => `top:${i + 1}`);
  const all = target.split(',').flatMap((one) => {
    if (one === 'all') {
      return parts.length === 0 && entries.length <= most ? entries.map(({ name }) => name) : ranks(most);
    }
    const rank = /^top(\d{1,3})$/.exec(one);
    return rank ? ranks(Number(rank[1])) : isSeveral(one) ? [] : [one.trim()];
  });
  return [...new Set(all)].slice(0, most);
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
