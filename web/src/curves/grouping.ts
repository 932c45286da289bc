import type { Json, RunSummary } from '../api/wire';
import { seedless } from '../state/seeds';

/** What runs are put together by: nothing, their `group`, their name without the seed, all, or a member of their config: `config:optimiser.lr`. */
export type GroupBy = 'none' | 'group' | 'name' | 'all' | `config:${string}`;

/** Runs that are drawn as one line. */
export interface RunGroup {
  /** Unique among the groups of one `GroupBy`; no run has it for an id. */
  id: string;
  label: string;
  /** In the order in which the runs are shown. */
  runs: readonly RunSummary[];
}

/** Most runs of one group: the server takes no more. */
export const GROUP_RUNS_MAX = 256;
/** More lines tell nothing apart: while nobody has chosen, more runs than this are drawn as groups. */
export const LINES_MAX = 30;

const CONFIG = 'config:';
/** Members of a config that differ between seeds of one configuration. */
const SEED_KEY = /(^|[._-])seeds?$/i;
/** Members of members of a config that are offered. */
const DEPTH_MAX = 4;

/** Reads what the address says; anything odd is no grouping. */
export function parseGroupBy(text: string | null): GroupBy {
  if (text === 'group' || text === 'name' || text === 'all') return text;
  return text !== null && isConfig(text) ? text : 'none';
}

/** Members of the runs' configs that can be grouped by, sorted: those with a single value, seeds left out. */
export function configKeys(runs: readonly RunSummary[]): string[] {
  const keys = new Set<string>();
  for (const run of runs) members(run.config, '', 0, keys);
  return [...keys].filter((key) => !SEED_KEY.test(key)).sort((a, b) => a.localeCompare(b, 'en'));
}

/** How runs are grouped while nobody has chosen: not at all, or so that no more than [`LINES_MAX`] lines are left. */
export function groupByNumber(runs: readonly RunSummary[]): GroupBy {
  if (runs.length <= LINES_MAX) return 'none';
  const candidates: GroupBy[] = runs.every((run) => run.group) ? ['group', 'name'] : ['name'];
  return candidates.find((by) => groupRuns(runs, by).length <= LINES_MAX) ?? 'all';
}

/** Runs by group, sorted by label. */
export function groupRuns(runs: readonly RunSummary[], by: GroupBy): RunGroup[] {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const label = labelOf(run, by);
    groups.set(label, [...(groups.get(label) ?? []), run]);
  }
  return [...groups]
    .map(([label, members]) => ({ id: `group:${label}`, label, runs: members.slice(0, GROUP_RUNS_MAX) }))
    .sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
}

function labelOf(run: RunSummary, by: GroupBy): string {
  if (by === 'all') return 'all runs';
  if (by === 'group') return run.group || 'no group';
  if (!isConfig(by)) return seedless(run.name || run.id);
  const key = by.slice(CONFIG.length);
  const value = member(run.config, key);
  return value === undefined ? `no ${key}` : `${key} = ${typeof value === 'string' ? value : String(value)}`;
}

function isConfig(text: string): text is `config:${string}` {
  return text.startsWith(CONFIG) && text.length > CONFIG.length;
}

function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function members(value: Json, prefix: string, depth: number, into: Set<string>): void {
  if (!isRecord(value) || depth >= DEPTH_MAX) return;
  for (const [key, inner] of Object.entries(value)) {
    if (isRecord(inner)) members(inner, `${prefix}${key}.`, depth + 1, into);
    else if (!Array.isArray(inner)) into.add(prefix + key);
  }
}

/** A member by its path; keys may have dots of their own. */
function member(value: Json, path: string): Json | undefined {
  if (!isRecord(value)) return undefined;
  if (Object.hasOwn(value, path))
    return isRecord(value[path]) || Array.isArray(value[path]) ? undefined : value[path];
  for (const [key, inner] of Object.entries(value)) {
    const found = path.startsWith(`${key}.`) ? member(inner, path.slice(key.length + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
