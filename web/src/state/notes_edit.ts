import type { EpisodeNotes, FeatureLabel, Hotspot, Json, Notes, Probe } from '../api/wire';

/** As `docs/http.md` has them; the server refuses more, and a script's notes are cut to them. */
export const NOTES_LIMITS = { title: 200, text: 20_000, tag: 100, tags: 100, hotspots: 1_000, probes: 200 };

/** What a run and an episode have in common. */
export type Said = Pick<EpisodeNotes, 'title' | 'description' | 'tags'>;

/** A change of the notes of a run that can be done on any version of them, and undone on any later one. */
export interface NotesChange {
  /** What was done, for people: `Hotspot deleted`. */
  doc: string;
  apply(notes: Notes): Notes;
  revert(notes: Notes): Notes;
}

export const NO_NOTES: Notes = { title: null, description: '', tags: [], episodes: {} };
export const NO_EPISODE_NOTES: EpisodeNotes = { title: null, description: '', tags: [], hotspots: [] };

/**
 * What is said of an episode: what people wrote, once they wrote anything about it, else what the script said. The first thing
 * that people change starts from the script's, so nothing of it is lost unless somebody takes it away.
 */
export function episodeNotes(notes: Notes | undefined, episode: number, script: EpisodeNotes): EpisodeNotes {
  return notes?.episodes[episode] ?? script;
}

/** The notes of an episode that a script logged: the member `notes` of the row's `extra`. Anything else in there is passed over. */
export function scriptNotes(extra: Record<string, Json> | null | undefined): EpisodeNotes {
  const said = extra?.notes;
  if (said === null || typeof said !== 'object' || Array.isArray(said)) return NO_EPISODE_NOTES;
  const text = (value: Json | undefined, limit: number) =>
    typeof value === 'string' ? value.slice(0, limit) : '';
  const list = (value: Json | undefined, limit: number) =>
    Array.isArray(value) ? value.slice(0, limit) : [];
  const tags = list(said.tags, NOTES_LIMITS.tags).map((tag) => text(tag, NOTES_LIMITS.tag));
  const hotspots = list(said.hotspots, NOTES_LIMITS.hotspots).flatMap((spot): Hotspot[] => {
    if (spot === null || typeof spot !== 'object' || Array.isArray(spot)) return [];
    const { from, to } = spot;
    if (!isStep(from) || !isStep(to) || to < from) return [];
    return [
      { from, to, title: text(spot.title, NOTES_LIMITS.title), note: text(spot.note, NOTES_LIMITS.text) },
    ];
  });
  return {
    title: text(said.title, NOTES_LIMITS.title) || null,
    description: text(said.description, NOTES_LIMITS.text),
    tags: [...new Set(tags.filter((tag) => tag.trim() !== ''))],
    hotspots: hotspots.toSorted(byStep),
  };
}

/** Title, description and tags of the run, from `before` to `after`; the rest stays as it is. */
export function sayOfRun(before: Said, after: Said): NotesChange {
  return {
    doc: 'Notes saved',
    apply: (notes) => ({ ...notes, ...said(after) }),
    revert: (notes) => ({ ...notes, ...said(before) }),
  };
}

/** The same of an episode, of which the script said `script`. */
export function sayOfEpisode(episode: number, script: EpisodeNotes, before: Said, after: Said): NotesChange {
  const set = (notes: Notes, fresh: Said) =>
    withEpisode(notes, episode, script, (old) => ({ ...old, ...said(fresh) }));
  return {
    doc: 'Notes saved',
    apply: (notes) => set(notes, after),
    revert: (notes) => set(notes, before),
  };
}

/** Puts `after` in the place of `before`; null where there is none: then it is added or taken away. */
export function changeHotspot(
  episode: number,
  script: EpisodeNotes,
  before: Hotspot | null,
  after: Hotspot | null,
): NotesChange {
  const swap = (notes: Notes, out: Hotspot | null, into: Hotspot | null) =>
    withEpisode(notes, episode, script, (old) => {
      const at = out ? old.hotspots.findIndex((spot) => sameHotspot(spot, out)) : -1;
      const rest = at < 0 ? old.hotspots : old.hotspots.toSpliced(at, 1);
      return { ...old, hotspots: into ? [...rest, into].toSorted(byStep) : rest };
    });
  return {
    doc: before === null ? 'Hotspot added' : after === null ? 'Hotspot deleted' : 'Hotspot changed',
    apply: (notes) => swap(notes, before, after),
    revert: (notes) => swap(notes, after, before),
  };
}

/** Puts `after` in the place of the probe of the name `before`; null where there is none: then it is added or taken away. */
export function changeProbe(
  episode: number,
  script: EpisodeNotes,
  before: Probe | null,
  after: Probe | null,
): NotesChange {
  const swap = (notes: Notes, out: Probe | null, into: Probe | null) =>
    withEpisode(notes, episode, script, (old) => {
      const names = [out?.name, into?.name];
      const rest = (old.probes ?? []).filter(({ name }) => !names.includes(name));
      const probes = into ? [...rest, into].toSorted((a, b) => (a.name < b.name ? -1 : 1)) : rest;
      return { ...old, probes };
    });
  return {
    doc: before === null ? 'Probe saved' : after === null ? 'Probe deleted' : 'Probe changed',
    apply: (notes) => swap(notes, before, after),
    revert: (notes) => swap(notes, after, before),
  };
}

/** What makes a label that of a feature: where it was found, and which it is of how many. */
function isSameFeature(a: FeatureLabel, b: FeatureLabel): boolean {
  return (
    a.layer === b.layer &&
    a.checkpoint === b.checkpoint &&
    a.of === b.of &&
    a.factors === b.factors &&
    a.index === b.index
  );
}

/** Puts the label `after` in the place of `before`, which is of the same feature; null where there is none. */
export function changeFeatureLabel(before: FeatureLabel | null, after: FeatureLabel | null): NotesChange {
  const swap = (notes: Notes, into: FeatureLabel | null): Notes => {
    const one = (before ?? after)!;
    const rest = (notes.features ?? []).filter((label) => !isSameFeature(label, one));
    return { ...notes, features: into ? [...rest, into] : rest };
  };
  return {
    doc: after === null ? 'Label of the feature deleted' : 'Feature labelled',
    apply: (notes) => swap(notes, after),
    revert: (notes) => swap(notes, before),
  };
}

function said({ title, description, tags }: Said): Said {
  return { title, description, tags };
}

export function sameHotspot(a: Hotspot, b: Hotspot): boolean {
  return a.from === b.from && a.to === b.to && a.title === b.title && a.note === b.note;
}

/** Tags out of what somebody typed, parted by commas; each once. */
export function tagsFromText(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim().replace(/\s+/g, ' '));
  return [...new Set(tags.filter((tag) => tag !== ''))];
}

function withEpisode(
  notes: Notes,
  episode: number,
  script: EpisodeNotes,
  edit: (old: EpisodeNotes) => EpisodeNotes,
): Notes {
  const fresh = edit(episodeNotes(notes, episode, script));
  return { ...notes, episodes: { ...notes.episodes, [episode]: fresh } };
}

function byStep(a: Hotspot, b: Hotspot): number {
  return a.from - b.from || a.to - b.to;
}

function isStep(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100_000_000;
}
