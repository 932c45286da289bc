import { search } from './paths';
import type { Axis } from './wire';

/** Kinds of files that tables are saved as, as the server calls them. */
export type TableFile = 'csv' | 'json' | 'parquet' | 'npz';

/** Beside them, what papers are written in. */
export type AnyTable = TableFile | 'markdown' | 'latex';

/** All kinds, and what people call them. */
export const TABLE_FILES: readonly (readonly [format: TableFile, name: string])[] = [
  ['csv', 'CSV'],
  ['json', 'JSON'],
  ['parquet', 'Parquet'],
  ['npz', 'npz'],
];

/** A file that the server makes. */
export interface TableLink {
  format: TableFile;
  /** What people call its kind. */
  kind: string;
  href: string;
}

/** Most runs that a link to a file names: addresses have no room for more. */
export const LINKED_RUNS_MAX = 400;

/** The points behind a chart, each as it was logged. Of at most [`LINKED_RUNS_MAX`] runs. */
export function pointsFiles(runs: readonly string[], axis: Axis, tag: string): TableLink[] {
  return TABLE_FILES.map(([format, kind]) => ({
    format,
    kind,
    href:
      format === 'csv'
        ? `/api/series.csv?${pairs([...of(runs), ['axis', axis], ['tag', tag]])}`
        : `/api/exports/points?${pairs([...of(runs), ['axis', axis], ['tag', exactly(tag)], ['format', format]])}`,
  }));
}

/** The episodes of some runs, a row each. */
export function episodesFiles(runs: readonly string[]): TableLink[] {
  return TABLE_FILES.map(([format, kind]) => ({
    format,
    kind,
    href: `/api/exports/episodes?${pairs([...of(runs), ['format', format]])}`,
  }));
}

/** The steps of an episode, a row each: what was logged of them, without pictures. */
export function stepsFiles(run: string, episode: number): TableLink[] {
  return TABLE_FILES.map(([format, kind]) => ({
    format,
    kind,
    href: `/api/exports/steps${search({ run, episode, format })}`,
  }));
}

/** Arrays of a network: one, as the server calls it, at a step of the training or at all of them, or all weights of the checkpoint there. */
export function arraysFile(run: string, what: { of?: string; at?: number; through?: 1 }): TableLink {
  return { format: 'npz', kind: 'npz', href: `/api/exports/arrays${search({ run, ...what })}` };
}

function of(runs: readonly string[]): [string, string][] {
  return runs.map((run) => ['run', run]);
}

function pairs(all: [string, string][]): string {
  return new URLSearchParams(all).toString();
}

/** A pattern that only this tag passes: a star or slashes at both ends would mean more. */
function exactly(tag: string): string {
  if (!tag.includes('*') && !tag.startsWith('/')) return tag;
  return `/^${tag.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')}$/`;
}
