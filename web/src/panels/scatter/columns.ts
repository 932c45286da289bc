import { columnNamed, doubles, type Columns } from '../../api/columns';
import type { ScatterKind } from '../../charts/scatter_scale';

/**
 * One member of all episodes as numbers, row by row; NaN where an episode has none. `extra.NAME` is what a script attached; yes and no
 * are 1 and 0.
 */
export function episodeColumn(columns: Columns, name: string): Float64Array {
  if (name.startsWith('extra.')) return extraColumn(columns, name.slice('extra.'.length));
  if (name === 'duration') {
    const [started, ended] = ['started_us', 'ended_us'].map((each) => doubles(columnNamed(columns, each)));
    return ended.map((end, row) => (end - started[row]) / 1e6);
  }
  return doubles(columnNamed(columns, name));
}

/** A member of episodes that is a word, row by row; null where an episode has none. */
export function wordColumn(columns: Columns, name: string): readonly (string | null)[] {
  return columnNamed(columns, name).text ?? [];
}

/** The words of several lists as indices into those that occur, sorted; NaN for none. */
export function wordsOf(lists: readonly (readonly (string | null)[])[]): {
  values: Float64Array;
  words: readonly string[];
} {
  const all = lists.flat();
  const words = [...new Set(all.filter((word) => word !== null))].sort((a, b) => a.localeCompare(b, 'en'));
  const index = new Map(words.map((word, i) => [word, i]));
  return { values: Float64Array.from(all, (word) => (word === null ? NaN : index.get(word)!)), words };
}

/** What the numbers of a member are. */
export function kindOf(name: string): ScatterKind {
  if (name === 'duration') return 'span';
  return ['episode', 'length', 'global_step', 'env_index', 'checkpoint'].includes(name) ? 'count' : 'number';
}

/** Names of what scripts attached to episodes and that is a number at least once. */
export function extraNames(columns: Columns): string[] {
  const names = new Set<string>();
  for (const text of columnNamed(columns, 'extra').text ?? []) {
    for (const [name, value] of Object.entries(membersOf(text)))
      if (numberOf(value) !== null) names.add(name);
  }
  return [...names].sort((a, b) => a.localeCompare(b, 'en'));
}

function extraColumn(columns: Columns, name: string): Float64Array {
  return Float64Array.from(columnNamed(columns, 'extra').text ?? [], (text) => {
    const members = membersOf(text);
    return (Object.hasOwn(members, name) ? numberOf(members[name]) : null) ?? NaN;
  });
}

function membersOf(text: string | null): Record<string, unknown> {
  if (!text || text === '{}') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' ? value : null;
}
