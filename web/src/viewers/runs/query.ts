import type { Json, RunSummary } from '../../api/wire';
import { HOLDINGS, holdingsOf } from '../../state/holdings';
import { flatConfig, tagsOf } from './table';

/** A query that was read: which runs it lets pass, and what of it could not be read. */
export interface Query {
  passes: (run: RunSummary) => boolean;
  /** For people; null when all of it was read. */
  invalid: string | null;
}

/** Places of a run that `key:value` looks in. */
export const PLACES = ['state', 'project', 'env', 'tag', 'group', 'name', 'format', 'has'] as const;
export type Place = (typeof PLACES)[number];

/**
 * Reads a query. All of its parts must hold; case does not matter; a part with spaces stands in double quotes.
 *
 * - a word occurs in what the table says of a run: title, name, id, notes, project, group, tags, environment, state, format;
 * - `/pattern/` is a regular expression over the same;
 * - `state:running`, `project:`, `env:`, `tag:`, `group:`, `name:`, `format:` look in one place;
 * - `has:recording`, `has:film`, `has:checkpoint` ask what it holds, `recorded>9`, `filmed>0`, `checkpoints<3` how many;
 * - `lr=0.001`, `config.lr<1e-3`, `seed>=3`, `summary.loss<2` compare a value, named by its path or the end of it;
 * - a `-` before a part turns it around.
 */
export function readQuery(text: string): Query {
  let invalid: string | null = null;
  const tests = partsOf(text).map((part) => {
    const not = part.length > 1 && part.startsWith('-');
    const test = testOf(not ? part.slice(1) : part);
    if (typeof test === 'string') {
      invalid ??= test;
      return () => true;
    }
    return not ? (run: RunSummary) => !test(run) : test;
  });
  return { passes: (run) => tests.every((test) => test(run)), invalid };
}

/** The parts of a query, quotes taken off. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  for (const [part] of text.matchAll(/(?:\/(?:[^/\\]|\\.)+\/|"[^"]*"?|[^\s"])+/g)) {
    const bare = part.startsWith('/') ? part : part.replaceAll('"', '');
    if (bare) parts.push(bare);
  }
  return parts;
}

/** A part of a query, in quotes where it needs them. */
export function partText(place: Place, value: string): string {
  return /[\s"]/.test(value) ? `${place}:"${value.replaceAll('"', '')}"` : `${place}:${value}`;
}

/** Whether the query has this part. */
export function hasPart(text: string, place: Place, value: string): boolean {
  const wanted = `${place}:${value.replaceAll('"', '')}`.toLowerCase();
  return partsOf(text).some((part) => part.toLowerCase() === wanted);
}

/** The query with this part, or without it where it had it. Other parts of the same place go: a run has one state, one project. */
export function togglePart(text: string, place: Place, value: string): string {
  const had = hasPart(text, place, value);
  const others = partsOf(text).filter((part) => !part.toLowerCase().startsWith(`${place}:`));
  const quoted = others.map((part) => (/\s/.test(part) && !part.startsWith('/') ? `"${part}"` : part));
  return [...quoted, ...(had ? [] : [partText(place, value)])].join(' ');
}

type Test = (run: RunSummary) => boolean;

/** The test of one part, or why it is none. */
function testOf(part: string): Test | string {
  if (part.startsWith('/') && part.endsWith('/') && part.length > 2) {
    try {
      const pattern = new RegExp(part.slice(1, -1), 'i');
      return (run) => allOf(run).some((text) => pattern.test(text));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  const word = part.toLowerCase();
  const placed = /^(state|project|env|tag|group|name|format|has):(.*)$/s.exec(word);
  if (placed) {
    const [, place, wanted] = placed;
    return (run) => placesOf(run)[place as Place].some((text) => text.toLowerCase().includes(wanted));
  }
  const comparison = /^([^<>=]+)(<=|>=|=|<|>)(.+)$/s.exec(word);
  if (comparison) {
    const [, path, sign, wanted] = comparison;
    return (run) => valuesAt(run, path).some((value) => compares(value, sign, wanted));
  }
  return (run) => allOf(run).some((text) => text.toLowerCase().includes(word));
}

function placesOf(run: RunSummary): Record<Place, string[]> {
  return {
    name: [run.title ?? '', run.name, run.id, run.notes],
    state: [run.state],
    project: [run.project],
    tag: tagsOf(run),
    env: [run.env_id ?? ''],
    group: [run.group ?? ''],
    format: [run.format],
    has: holdingsOf(run),
  };
}

/** What the table says of a run in words of its own. */
function allOf(run: RunSummary): string[] {
  const said = Object.entries(placesOf(run)).filter(([place]) => place !== 'has');
  return said.flatMap(([, texts]) => texts);
}

/** Counts, configuration values and last values whose path is `path` or ends in it. */
function valuesAt(run: RunSummary, path: string): (Json | undefined)[] {
  const [, place, rest] = /^(?:(config|summary)\.)?(.*)$/s.exec(path)!;
  const named = (name: string) => {
    const lower = name.toLowerCase();
    return lower === rest || lower.endsWith(`.${rest}`) || lower.endsWith(`/${rest}`);
  };
  const config = place === 'summary' ? [] : [...flatConfig(run.config)].filter(([name]) => named(name));
  const summary = place === 'config' ? [] : Object.entries(run.summary).filter(([name]) => named(name));
  const counts = place ? [] : HOLDINGS.filter(({ count }) => count === rest).map(({ count }) => run[count]);
  return [...counts, ...[...config, ...summary].map(([, value]) => value)];
}

function compares(value: Json | undefined, sign: string, wanted: string): boolean {
  if (value === undefined) return false;
  const right = Number(wanted);
  const numeric = typeof value === 'number' && !Number.isNaN(right);
  if (sign === '=') return numeric ? value === right : String(value).toLowerCase() === wanted;
  if (!numeric) return false;
  if (sign === '<') return value < right;
  if (sign === '>') return value > right;
  return sign === '<=' ? value <= right : value >= right;
}
