import type { MapPoints } from '../../api/maps';
import type { App } from '../../state/app.svelte';
import type { EditHistory } from './edit_history.svelte';
import type { MapView } from './map_view.svelte';
import { pointOf } from './search';
import {
  freeName,
  isSetName,
  markOf,
  SETS_MAX,
  setsOfText,
  textOfSets,
  union,
  withoutSet,
  type NamedSet,
} from './sets';

/** The sets of the page: here in full, in the address as far as it holds them. Make it where effects can run. */
export class PointSets {
  /** Names of sets that are too long for the address. */
  left = $state.raw<readonly string[]>([]);
  readonly #mark = $derived.by(() => this.view.points && markOf(this.view.points));
  /** The sets of the address were made on other points. */
  readonly strange = $derived.by(() => {
    const text = this.app.router.param('sets');
    return text !== null && this.#mark !== null && text.split(',')[0] !== this.#mark;
  });
  #written: string | null = null;
  /** The points that the sets are of. */
  #points: MapPoints | null = null;

  constructor(
    private readonly app: App,
    private readonly view: MapView,
    private readonly history: EditHistory,
  ) {}

  /** Tells the points of one map from those of another. */
  get mark(): string | null {
    return this.#mark;
  }

  /**
   * Reads the address, where it says something that was not written from here. Sets of a map all of whose points are on the next one go
   * along. Call it from an effect.
   */
  read(): void {
    const [text, mark, points] = [this.app.router.param('sets'), this.#mark, this.view.points];
    if (mark === null || points === null) return;
    const before = this.#points;
    this.#points = points;
    const key = `${mark}/${text ?? ''}`;
    if (key === this.#written) return;
    const carried =
      before && this.#written?.endsWith(`/${text ?? ''}`) ? this.#carried(before, points) : null;
    if (carried) {
      this.#put(carried);
      return;
    }
    this.#written = key;
    this.view.sets = setsOfText(text, mark);
    this.left = [];
  }

  /** Points were enclosed; with `join` they join the newest set. */
  enclose(points: Uint32Array, join: boolean): void {
    if (points.length === 0) return;
    const newest = this.view.sets.at(-1);
    if (join && newest)
      this.#change('Points joined a set', [
        ...this.view.sets.slice(0, -1),
        { ...newest, points: union(newest.points, points) },
      ]);
    else this.add(points, 'set');
  }

  /** A new set, called `start` and a number. */
  add(points: Uint32Array, start: string): void {
    const set = { name: freeName(this.view.sets, start), points };
    this.#change('Set made', [...this.view.sets, set].slice(-SETS_MAX));
  }

  /** Gives a set another name, here and wherever the page speaks of it; false when it cannot be called that. */
  rename(from: string, to: string): boolean {
    const name = to.trim();
    const { sets, spec } = this.view;
    if (name === from) return true;
    if (!isSetName(name) || sets.some((set) => set.name === name)) return false;
    const swapped = spec.axes.map((axis) =>
      axis.startsWith('between:')
        ? `between:${axis
            .slice('between:'.length)
            .split('>')
            .map((end) => (end === from ? name : end))
            .join('>')}`
        : axis,
    );
    this.#change(
      'Set renamed',
      sets.map((set) => (set.name === from ? { ...set, name } : set)),
      {
        ...(spec.set === from ? { only_set: name } : {}),
        ...(swapped.length > 0 ? { axes: swapped.join('|') } : {}),
      },
    );
    return true;
  }

  remove(name: string): void {
    const shown: Record<string, null> = this.view.spec.set === name ? { only_set: null } : {};
    this.#change('Set taken away', withoutSet(this.view.sets, name), shown);
  }

  #change(doc: string, sets: readonly NamedSet[], patch: Record<string, string | null> = {}): void {
    const [before, mark] = [this.view.sets, this.#mark];
    const params = Object.fromEntries(Object.keys(patch).map((name) => [name, this.app.router.param(name)]));
    this.#put(sets);
    this.app.router.set(patch);
    this.history.did(doc, () => {
      if (this.#mark !== mark) throw new Error('the points of the map are others now');
      this.#put(before);
      this.app.router.set(params);
    });
  }

  #put(sets: readonly NamedSet[]): void {
    const mark = this.#mark;
    if (mark === null) return;
    const made = textOfSets(sets, mark);
    this.view.sets = sets;
    this.left = made.left;
    this.#written = `${mark}/${made.text ?? ''}`;
    this.app.router.set({ sets: made.text });
  }

  /** The sets on other points; null where one of theirs is missing. */
  #carried(before: MapPoints, after: MapPoints): NamedSet[] | null {
    const found: NamedSet[] = [];
    for (const { name, points } of this.view.sets) {
      const moved = Array.from(points, (i) =>
        pointOf(after, before.source[i], before.episode[i], before.step[i]),
      );
      if (moved.some((point) => point === null)) return null;
      found.push({ name, points: Uint32Array.from(moved as number[]).sort() });
    }
    return found.length > 0 ? found : null;
  }
}
