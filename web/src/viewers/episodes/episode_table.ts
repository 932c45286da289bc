import { columnNamed, doubles, type Columns } from '../../api/columns';
import type { EpisodeEnd } from '../../api/wire';

/** Numeric columns of the table, as `EpisodeRow` names them; NaN where nothing was logged. */
const NUMBERS = [
  'episode',
  'env_index',
  'seed',
  'episode_return',
  'length',
  'global_step',
  'started_us',
  'ended_us',
  'recorded',
  'evaluation',
  'checkpoint',
] as const;

export type NumberName = (typeof NUMBERS)[number];

/** Every way an episode stands; its position is its number in `end`. */
export const ENDS: readonly EpisodeEnd[] = ['open', 'terminated', 'truncated', 'both', 'unknown'];

/** The episodes of a run as columns, ascending by episode; made for a hundred thousand of them. */
export interface EpisodeTable {
  rows: number;
  numbers: Record<NumberName, Float64Array>;
  /** Index into `ENDS`. */
  end: Uint8Array;
}

export const EMPTY_TABLE: EpisodeTable = {
  rows: 0,
  numbers: Object.fromEntries(NUMBERS.map((name) => [name, new Float64Array(0)])) as Record<
    NumberName,
    Float64Array
  >,
  end: new Uint8Array(0),
};

/** Reads an answer of the episodes route. */
export function tableOf(columns: Columns): EpisodeTable {
  const numbers = Object.fromEntries(
    NUMBERS.map((name) => [name, doubles(columnNamed(columns, name))]),
  ) as Record<NumberName, Float64Array>;
  const words = columnNamed(columns, 'end').text ?? [];
  const end = Uint8Array.from(words, (word) => Math.max(0, ENDS.indexOf(word as EpisodeEnd)));
  return { rows: numbers.episode.length, numbers, end };
}

/** The episode from which the table must be asked for again: its first that still goes on, or the one after its last. */
export function staleFrom(table: EpisodeTable): number {
  const open = table.end.indexOf(0);
  if (open >= 0) return table.numbers.episode[open];
  return table.rows > 0 ? table.numbers.episode[table.rows - 1] + 1 : 0;
}

/** `table` with everything from episode `from` on replaced by `newer`. */
export function withNewer(table: EpisodeTable, from: number, newer: EpisodeTable): EpisodeTable {
  let kept = table.rows;
  // An answer may reach further back than was asked for.
  const first = newer.rows > 0 ? Math.min(from, newer.numbers.episode[0]) : from;
  while (kept > 0 && table.numbers.episode[kept - 1] >= first) kept -= 1;
  const numbers = Object.fromEntries(
    NUMBERS.map((name) => {
      const joined = new Float64Array(kept + newer.rows);
      joined.set(table.numbers[name].subarray(0, kept));
      joined.set(newer.numbers[name], kept);
      return [name, joined];
    }),
  ) as Record<NumberName, Float64Array>;
  const end = new Uint8Array(kept + newer.rows);
  end.set(table.end.subarray(0, kept));
  end.set(newer.end, kept);
  return { rows: kept + newer.rows, numbers, end };
}

/** What can be sorted by: the numeric columns, how it ended, and how long it took. */
export type SortKey = NumberName | 'end' | 'duration';

/** Which episodes are shown. */
export interface Filter {
  recorded: boolean;
  kind: 'all' | 'training' | 'evaluation';
  state: 'all' | 'finished' | 'live';
}

/** Seconds from reset to end, NaN while it goes on. */
export function durationSecs(table: EpisodeTable, row: number): number {
  return (table.numbers.ended_us[row] - table.numbers.started_us[row]) / 1e6;
}

/** Rows that pass the filter, in order; equal rows stay in the order of their episodes, missing values come last. */
export function orderOf(table: EpisodeTable, filter: Filter, key: SortKey, direction: 1 | -1): Uint32Array {
  const { recorded, evaluation } = table.numbers;
  const order = new Uint32Array(table.rows);
  let count = 0;
  for (let row = 0; row < table.rows; row += 1) {
    if (filter.recorded && recorded[row] !== 1) continue;
    if (filter.kind !== 'all' && (evaluation[row] === 1) !== (filter.kind === 'evaluation')) continue;
    if (filter.state !== 'all' && (table.end[row] === 0) !== (filter.state === 'live')) continue;
    order[count++] = row;
  }
  const found = order.subarray(0, count);
  if (key === 'episode') return direction > 0 ? found : found.reverse();
  const values =
    key === 'end'
      ? Float64Array.from(table.end)
      : key === 'duration'
        ? Float64Array.from(table.end, (_, row) => durationSecs(table, row))
        : table.numbers[key];
  return found.sort((a, b) => {
    const [x, y] = [values[a], values[b]];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return (x - y) * direction || a - b;
  });
}
