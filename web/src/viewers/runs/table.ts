import type { Json, RunSummary } from '../../api/wire';
import { HOLDINGS, hasWatchable } from '../../state/holdings';
import { lastReturn } from '../../state/returns';
import { secondsOf } from '../../state/run_times';

/** One column of the table of runs, the fixed ones aside from the name. */
export interface TableColumn {
  /** As in the address: `steps`, `config.lr`, `summary.losses/td_loss`. */
  name: string;
  title: string;
  /** Numbers are set to the right. */
  numeric: boolean;
  /** What rows are sorted by; null goes last in either direction. */
  key(run: RunSummary): number | string | null;
}

/** Columns that are always there, in order. */
export const FIXED: readonly TableColumn[] = [
  { name: 'state', title: 'State', numeric: false, key: (run) => STATE_ORDER.indexOf(run.state) },
  { name: 'project', title: 'Project', numeric: false, key: (run) => run.project },
  { name: 'tags', title: 'Tags', numeric: false, key: (run) => tagsOf(run).join(' ') || null },
  { name: 'steps', title: 'Steps', numeric: true, key: (run) => run.global_step },
  { name: 'episodes', title: 'Episodes', numeric: true, key: (run) => run.episodes },
  {
    name: 'holds',
    title: 'Holds',
    numeric: false,
    // Those to watch before those of which there are checkpoints only.
    key: (run) => Number(hasWatchable(run)) * 2 + Number((run.checkpoints ?? 0) > 0) || null,
  },
  { name: 'return', title: 'Last return', numeric: true, key: (run) => lastReturn(run)?.value ?? null },
  { name: 'started', title: 'Started', numeric: true, key: (run) => run.created_us },
  { name: 'duration', title: 'Duration', numeric: true, key: (run) => secondsOf(run, run.heartbeat_us) },
];

/** Tags of a run: its author's, then those that people gave it. */
export function tagsOf(run: RunSummary): string[] {
  return [...new Set([...run.tags, ...run.given_tags])];
}

const STATE_ORDER: readonly string[] = ['running', 'crashed', 'finished'];

/** The name, which is the first column and always there. */
export const NAME: TableColumn = {
  name: 'name',
  title: 'Name',
  numeric: false,
  key: (run) => run.name || run.id,
};

/** A column of what a run holds, of a configuration value or of a scalar's last value, by its name in the address; null for other names. */
export function extraColumn(name: string): TableColumn | null {
  const held = HOLDINGS.find(({ count }) => name === `count.${count}`);
  if (held) {
    const title = held.many.charAt(0).toUpperCase() + held.many.slice(1);
    return { name, title, numeric: true, key: (run) => run[held.count] };
  }
  if (name.startsWith('config.')) {
    const path = name.slice('config.'.length);
    return { name, title: path, numeric: true, key: (run) => plain(flatConfig(run.config).get(path)) };
  }
  if (name.startsWith('summary.')) {
    const tag = name.slice('summary.'.length);
    return { name, title: tag, numeric: true, key: (run) => run.summary[tag] ?? null };
  }
  return null;
}

/** Names of all extra columns that some run has: configuration that differs between runs first, then the rest, scalars, and what runs hold. */
export function extraColumns(runs: readonly RunSummary[]): { name: string; differs: boolean }[] {
  const seen = new Map<string, Set<string>>();
  const tags = new Set<string>();
  for (const run of runs) {
    for (const [path, value] of flatConfig(run.config)) {
      const values = seen.get(path) ?? new Set();
      seen.set(path, values.add(JSON.stringify(value)));
    }
    for (const tag of Object.keys(run.summary)) tags.add(tag);
  }
  const config = [...seen].map(([path, values]) => ({ name: `config.${path}`, differs: values.size > 1 }));
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  return [
    ...config.filter((column) => column.differs).sort(byName),
    ...config.filter((column) => !column.differs).sort(byName),
    ...[...tags].sort().map((tag) => ({ name: `summary.${tag}`, differs: false })),
    ...HOLDINGS.filter(({ count }) => runs.some((run) => (run[count] ?? 0) > 0)).map(({ count }) => ({
      name: `count.${count}`,
      differs: false,
    })),
  ];
}

/** Leaves of a configuration by dotted path; lists count as one value. */
export function flatConfig(config: Json): Map<string, Json> {
  const flat = new Map<string, Json>();
  const walk = (value: Json, path: string, depth: number) => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && depth < 16) {
      for (const [key, child] of Object.entries(value)) walk(child, path ? `${path}.${key}` : key, depth + 1);
    } else if (path) {
      flat.set(path, value);
    }
  };
  walk(config, '', 0);
  return flat;
}

/** `runs` by a column; `direction` 1 for ascending. Equal rows keep their order, missing values go last. */
export function sortRuns(runs: readonly RunSummary[], column: TableColumn, direction: 1 | -1): RunSummary[] {
  const keys = new Map(runs.map((run) => [run.id, column.key(run)]));
  return runs.toSorted((a, b) => {
    const [left, right] = [keys.get(a.id) ?? null, keys.get(b.id) ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === 'number' && typeof right === 'number') return direction * (left - right);
    return direction * String(left).localeCompare(String(right), 'en', { numeric: true });
  });
}

function plain(value: Json | undefined): number | string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}
