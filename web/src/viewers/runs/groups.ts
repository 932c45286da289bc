import type { RunSummary } from '../../api/wire';
import { lastReturn } from '../../state/returns';
import { extraColumn } from './table';

/** Runs that have the same value, in the order of the table. */
export interface Group {
  /** The value; empty for runs that have none. */
  key: string;
  runs: RunSummary[];
  /** Of the last returns of these runs. */
  returns: Spread;
}

/** Mean and spread of some numbers. */
export interface Spread {
  /** How many there are. */
  n: number;
  /** NaN when there is none. */
  mean: number;
  /** The sample's standard deviation (n − 1); NaN when there are fewer than two. */
  sd: number;
}

/** What a table can be grouped by, by its name in the address: `group`, `project`, `env`, `state`, `config.PATH`. */
export function groupKey(by: string): ((run: RunSummary) => string) | null {
  if (by === 'group') return (run) => run.group ?? '';
  if (by === 'project') return (run) => run.project;
  if (by === 'env') return (run) => run.env_id ?? '';
  if (by === 'state') return (run) => run.state;
  const column = by.startsWith('config.') ? extraColumn(by) : null;
  return column && ((run) => String(column.key(run) ?? ''));
}

/** Sorted runs in groups, each where its first run stands; runs without a value last. */
export function groupRuns(runs: readonly RunSummary[], key: (run: RunSummary) => string): Group[] {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const value = key(run);
    groups.set(value, [...(groups.get(value) ?? []), run]);
  }
  const all = [...groups].map(([value, members]) => ({
    key: value,
    runs: members,
    returns: spreadOf(members.map((run) => lastReturn(run)?.value ?? NaN)),
  }));
  return [...all.filter((group) => group.key !== ''), ...all.filter((group) => group.key === '')];
}

/** Of the numbers that are finite. */
export function spreadOf(numbers: readonly number[]): Spread {
  const finite = numbers.filter(Number.isFinite);
  const n = finite.length;
  if (n === 0) return { n, mean: NaN, sd: NaN };
  const mean = finite.reduce((sum, number) => sum + number, 0) / n;
  const squares = finite.reduce((sum, number) => sum + (number - mean) ** 2, 0);
  return { n, mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : NaN };
}

/** The runs that are shown after a click on a group: all of it, or none when all of it was. */
export function withGroup(shown: readonly string[], { runs }: Group): string[] {
  const ids = runs.map(({ id }) => id);
  const others = shown.filter((id) => !ids.includes(id));
  return shown.length - others.length === ids.length ? others : [...others, ...ids];
}
