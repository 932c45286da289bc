import { ApiError } from '../../api/source';
import type { Hotspot } from '../../api/wire';
import type { App } from '../../state/app.svelte';
import {
  changeHotspot,
  NO_EPISODE_NOTES,
  NOTES_LIMITS,
  scriptNotes,
  type NotesChange,
} from '../../state/notes_edit';
import type { EpisodeNotes } from '../../api/wire';
import type { EditHistory } from './edit_history.svelte';
import type { MapView, Moment } from './map_view.svelte';
import { namesOfText, textOfNames, type LinkedName } from './names';
import { pointOf } from './search';

/** A name of a state. */
export interface PointName {
  key: string;
  point: number;
  name: string;
  /** As the notes of the run have it; null where it is in the link alone. */
  kept: { run: string; episode: number; hotspot: Hotspot } | null;
}

/**
 * Names of states. One of a step is a hotspot of that moment in the notes of its run, which Replay shows too; where nothing can be written,
 * and of samples, which are in no episode, it is in the link.
 */
export class PointNames {
  /** Why the last name could not be kept. */
  error = $state.raw<unknown>(null);

  readonly #linked = $derived.by((): readonly LinkedName[] => {
    const [text, mark] = [this.app.router.param('names'), this.mark()];
    return mark === null ? [] : namesOfText(text, mark);
  });
  /** Names of runs, points among them or not. */
  readonly #kept = $derived.by(() => {
    if (this.view.shownSamples !== null) return [];
    return this.view.sourceRuns.flatMap((run, source) =>
      Object.entries(this.app.notes.get(run)?.episodes ?? {}).flatMap(([episode, { hotspots }]) =>
        hotspots
          .filter(({ from, to, title }) => from === to && title !== '')
          .map((hotspot) => ({ source, run, episode: Number(episode), hotspot })),
      ),
    );
  });
  readonly all = $derived.by((): PointName[] => {
    const { points } = this.view;
    if (!points) return [];
    const kept = this.#kept.flatMap(({ source, run, episode, hotspot }): PointName[] => {
      const point = pointOf(points, source, episode, hotspot.from);
      const key = `${run}/${episode}/${hotspot.from}/${hotspot.title}`;
      return point === null ? [] : [{ key, point, name: hotspot.title, kept: { run, episode, hotspot } }];
    });
    const linked = this.#linked.map(({ point, name }) => ({ key: `link/${point}`, point, name, kept: null }));
    return [...kept, ...linked];
  });
  /** Names of steps that are no points of this map. */
  readonly elsewhere = $derived.by(() => this.#kept.length - this.all.filter(({ kept }) => kept).length);

  /** `mark` tells the points of one map from those of another. */
  constructor(
    private readonly app: App,
    private readonly view: MapView,
    private readonly history: EditHistory,
    private readonly mark: () => string | null,
  ) {}

  /** Names of a point. */
  of(point: number): PointName | null {
    return this.all.find((one) => one.point === point) ?? null;
  }

  /** Names a point that has no name. */
  async add(point: number, text: string): Promise<void> {
    const name = text.trim().slice(0, NOTES_LIMITS.title);
    const moment = this.view.momentOf(point);
    if (name === '' || !moment) return;
    this.error = null;
    if (moment.samples !== null) {
      this.#link('State named', [...this.#linked, { point, name }]);
      return;
    }
    const hotspot: Hotspot = { from: moment.step, to: moment.step, title: name, note: '' };
    try {
      await this.#write(moment, null, hotspot, 'State named');
    } catch (error) {
      if (error instanceof ApiError && error.isReadOnly)
        this.#link('State named', [...this.#linked, { point, name }]);
      else this.error = error;
    }
  }

  /** Gives a name another text; null takes it away. False when it cannot be that. */
  rename(key: string, text: string | null): boolean {
    const one = this.all.find((name) => name.key === key);
    const name = text?.trim().slice(0, NOTES_LIMITS.title) ?? null;
    if (!one || name === '') return false;
    if (name === one.name) return true;
    const doc = name === null ? 'Name taken away' : 'State renamed';
    if (one.kept) {
      const { run, episode, hotspot } = one.kept;
      const after = name === null ? null : { ...hotspot, title: name };
      this.error = null;
      this.#write({ run, episode }, hotspot, after, doc).catch((error: unknown) => (this.error = error));
      return true;
    }
    const others = this.#linked.filter(({ point }) => point !== one.point);
    this.#link(doc, name === null ? others : [...others, { point: one.point, name }]);
    return true;
  }

  async #write(
    { run, episode }: Pick<Moment, 'run' | 'episode'>,
    before: Hotspot | null,
    after: Hotspot | null,
    doc: string,
  ): Promise<void> {
    const change = changeHotspot(episode, await this.#script(run, episode), before, after);
    await this.app.notes.change(run, { ...change, doc });
    const back: NotesChange = { doc: `${doc}: undone`, apply: change.revert, revert: change.apply };
    this.history.did(doc, () => this.app.notes.change(run, back));
  }

  #link(doc: string, names: readonly LinkedName[]): void {
    const [mark, before] = [this.mark(), this.app.router.param('names')];
    if (mark === null) return;
    this.app.router.set({ names: textOfNames(names, mark) });
    this.history.did(doc, () => this.app.router.set({ names: before }));
  }

  /** What the script said of an episode, which what people write begins with. */
  async #script(run: string, episode: number): Promise<EpisodeNotes> {
    if (this.app.notes.get(run)?.episodes[episode]) return NO_EPISODE_NOTES;
    const table = await this.app.episodes.of(run, this.app.runs.revisions.get(run) ?? 0);
    return scriptNotes(table.extra[table.episode.indexOf(episode)]);
  }
}
