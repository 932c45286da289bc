import type { Json } from '../api/wire';

/** Whether an episode has a film that somebody else made of it (`docs/format.md`, Films). */
export function hasFilm(extra: Readonly<Record<string, Json>> | null): boolean {
  return typeof extra?.video_blob === 'string';
}
