import type { App } from '../../state/app.svelte';
import type { MapView } from './map_view.svelte';
import { freeName, markOf, SETS_MAX, setsOfText, textOfSets, union, type NamedSet } from './sets';

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

  constructor(
    private readonly app: App,
    private readonly view: MapView,
  ) {}

  /** Reads the address, where it says something that was not written from here. Call it from an effect. */
  read(): void {
    const [text, mark] = [this.app.router.param('sets'), this.#mark];
    if (mark === null) return;
    const key = `${mark}/${text ?? ''}`;
    if (key === this.#written) return;
    this.#written = key;
    this.view.sets = setsOfText(text, mark);
    this.left = [];
  }

  put(sets: readonly NamedSet[]): void {
    const mark = this.#mark;
    if (mark === null) return;
    const made = textOfSets(sets, mark);
    this.view.sets = sets;
    this.left = made.left;
    this.#written = `${mark}/${made.text ?? ''}`;
    this.app.router.set({ sets: made.text });
  }

  /** Points were enclosed; with `join` they join the newest set. */
  enclose(points: Uint32Array, join: boolean): void {
    if (points.length === 0) return;
    const newest = this.view.sets.at(-1);
    if (join && newest)
      this.put([...this.view.sets.slice(0, -1), { ...newest, points: union(newest.points, points) }]);
    else this.add(points, 'set');
  }

  /** A new set, called `start` and a number. */
  add(points: Uint32Array, start: string): void {
    this.put([...this.view.sets, { name: freeName(this.view.sets, start), points }].slice(-SETS_MAX));
  }
}
