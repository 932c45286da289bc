import type { Json } from '../api/wire';
import type { FullEpisodeTable } from './episode_tables';

/** Whether an episode has a film that somebody else made of it (`docs/format.md`, Films). */
export function hasFilm(extra: Readonly<Record<string, Json>> | null): boolean {
  return typeof extra?.video_blob === 'string';
}

/** Whether the episode in a row of the table can be watched: its steps were recorded, or there is a film of it. */
export function isWatchable(table: Pick<FullEpisodeTable, 'recorded' | 'extra'>, row: number): boolean {
  return table.recorded[row] === 1 || hasFilm(table.extra[row] ?? null);
}
