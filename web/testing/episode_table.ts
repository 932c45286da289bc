/** For tests only: a table of episodes from a few rows. */
import type { Json } from '../src/api/wire';
import { EpisodeSet } from '../src/state/episode_set';
import { ENDS, NUMBER_COLUMNS, type FullEpisodeTable, type NumberColumn } from '../src/state/episode_tables';

export interface EpisodeLike extends Partial<Record<Exclude<NumberColumn, 'end' | 'ended'>, number>> {
  end?: (typeof ENDS)[number];
  agent?: string;
  extra?: Record<string, Json>;
}

export function episodeTable(rows: readonly EpisodeLike[]): FullEpisodeTable {
  const number = (row: EpisodeLike, index: number, name: NumberColumn): number => {
    if (name === 'end') return ENDS.indexOf(row.end ?? 'terminated');
    if (name === 'ended') return row.end === 'open' ? 0 : 1;
    if (name === 'endedUs' && row.end === 'open') return row.endedUs ?? NaN;
    return row[name] ?? (name === 'episode' ? index : 0);
  };
  const numbers = NUMBER_COLUMNS.map((name) => [
    name,
    Float64Array.from(rows, (row, i) => number(row, i, name)),
  ]);
  return {
    ...(Object.fromEntries(numbers) as Record<NumberColumn, Float64Array>),
    agent: rows.map((row) => row.agent ?? null),
    extra: rows.map((row) => row.extra ?? null),
  };
}

/** Runs `a`, `b`, … with these episodes; all go on. */
export function episodeSet(...runs: readonly (readonly EpisodeLike[])[]): EpisodeSet {
  return new EpisodeSet(
    runs.map((rows, i) => {
      const run = String.fromCharCode(97 + i);
      return { run, name: `run ${run}`, isRunning: true, table: episodeTable(rows) };
    }),
  );
}
