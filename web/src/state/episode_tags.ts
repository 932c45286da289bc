import type { Json, Notes } from '../api/wire';
import { episodeNotes, scriptNotes } from './notes_edit';

/** Title and tags of an episode, for tables that show and filter them. */
export interface EpisodeLabel {
  title: string | null;
  tags: readonly string[];
}

/**
 * What an episode is called and tagged: `extra` is the column of that name of the table of episodes, JSON or null; `notes` are those of
 * the run, undefined before they were read.
 */
export function episodeLabel(notes: Notes | undefined, episode: number, extra: string | null): EpisodeLabel {
  const { title, tags } = episodeNotes(notes, episode, scriptNotes(objectOf(extra)));
  return { title, tags };
}

/** Every tag of some episodes with how many have it, the commonest first, then by name. */
export function tagCounts(labels: Iterable<EpisodeLabel>): [tag: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { tags } of labels) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function objectOf(text: string | null): Record<string, Json> | null {
  // Most episodes have nothing to say; their JSON is not looked at.
  if (!text?.includes('"notes"')) return null;
  try {
    const value = JSON.parse(text) as Json;
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
