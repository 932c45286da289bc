import type { EpisodeNotes, Notes } from '../../api/wire';
import type { EpisodeSet } from '../../state/episode_set';
import { episodeNotes, scriptNotes, type Said } from '../../state/notes_edit';

/** Members of `extra` that are not values of an episode but words on it. */
export const WORD_MEMBERS: ReadonlySet<string> = new Set([
  'title',
  'description',
  'tags',
  'hotspots',
  'notes',
]);

/**
 * What is said of each episode: what people wrote, else what the script logged, be it as notes or as members of `extra` named `title`
 * and `tags`.
 */
export class EpisodeWords {
  readonly #set: EpisodeSet;
  readonly #notes: ReadonlyMap<string, Notes>;

  /** `notes` are those of people, by run. */
  constructor(set: EpisodeSet, notes: ReadonlyMap<string, Notes>) {
    this.#set = set;
    this.#notes = notes;
  }

  /** Whether anything is said of any episode. */
  get any(): boolean {
    for (const notes of this.#notes.values()) if (Object.keys(notes.episodes).length > 0) return true;
    return this.#set.runs.some(({ table }) =>
      table.extra.some((extra) => extra && ('tags' in extra || 'title' in extra || 'notes' in extra)),
    );
  }

  of(row: number): Said {
    const { run, episode } = this.#set.at(row);
    return episodeNotes(this.#notes.get(run), episode, this.#script(row));
  }

  title(row: number): string {
    return this.of(row).title ?? '';
  }

  tags(row: number): readonly string[] {
    return this.of(row).tags;
  }

  /** Everything that was said, and logged beside the numbers, for a search. */
  text(row: number): string {
    const { title, description, tags } = this.of(row);
    const extra = this.#set.extra(row);
    return [
      this.#set.agent(row),
      title,
      description,
      ...tags,
      extra && JSON.stringify(withoutWords(extra)),
    ].join(' ');
  }

  #script(row: number): EpisodeNotes {
    const extra = this.#set.extra(row);
    const said = scriptNotes(extra);
    const title = said.title ?? (typeof extra?.title === 'string' ? extra.title : null);
    return { ...said, title, tags: [...new Set([...said.tags, ...listOf(extra?.tags)])] };
  }
}

function listOf(tags: unknown): string[] {
  if (typeof tags === 'string') return [tags];
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

function withoutWords<T>(extra: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(extra).filter(([key]) => !WORD_MEMBERS.has(key)));
}
