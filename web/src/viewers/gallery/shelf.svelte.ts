import { SvelteMap } from 'svelte/reactivity';

import { Throttle } from '../../api/throttle';
import type { Film } from '../../api/wire';
import { episodeDetail } from '../../replay/episode_details';
import { episodeFilm } from '../../replay/film_details';
import { imageField, pictureRatio } from '../../replay/screen_fields';
import type { App } from '../../state/app.svelte';
import { recordingsOf, type Recording } from './recordings';

/** How often a growing run is asked for new recordings. */
const GROW_INTERVAL_MS = 2000;
/** Kept for pictures whose shape is not known, and for curves in the place of pictures. */
const RATIO_DEFAULT = 4 / 3;

/** The recordings of one run, and the shape of their pictures. */
export interface Shelf {
  /** Oldest first. */
  recordings: Recording[];
  /** Width to height. */
  ratio: number;
}

/** The recordings of all runs that are shown, kept up to date while the runs grow. */
export class Shelves {
  readonly #shelves = new SvelteMap<string, Shelf>();
  readonly #errors = new SvelteMap<string, unknown>();
  readonly #loads = new Map<string, Throttle>();

  constructor(private readonly app: App) {}

  /** Undefined until they have arrived. */
  get(run: string): Shelf | undefined {
    return this.#shelves.get(run);
  }

  error(run: string): unknown {
    return this.#errors.get(run);
  }

  /** Makes sure that the recordings of a run as it is now arrive. Call it from an effect that follows the run's revision. */
  want(run: string): void {
    let load = this.#loads.get(run);
    if (!load) this.#loads.set(run, (load = new Throttle(() => this.#load(run), GROW_INTERVAL_MS)));
    load.request();
  }

  close(): void {
    for (const load of this.#loads.values()) load.cancel();
  }

  async #load(run: string): Promise<void> {
    const { app } = this;
    try {
      const table = await app.episodes.of(run, app.runs.revisions.get(run) ?? 0);
      const recordings = recordingsOf(run, table);
      const ratio = this.#shelves.get(run)?.ratio ?? (await this.#ratio(recordings));
      this.#shelves.set(run, { recordings, ratio });
      this.#errors.delete(run);
    } catch (error) {
      this.#errors.set(run, error);
    }
  }

  /** That of the newest recording: pictures of a run have one shape. */
  async #ratio(recordings: readonly Recording[]): Promise<number> {
    const newest = recordings.at(-1);
    if (!newest) return RATIO_DEFAULT;
    const { client } = this.app;
    if (newest.filmOnly) {
      const film = await episodeFilm(client, newest.run, newest.episode).catch(() => null);
      return (film && filmRatio(film)) ?? RATIO_DEFAULT;
    }
    const detail = await episodeDetail(client, newest.run, newest.episode).catch(() => null);
    const field = detail && imageField(detail.fields);
    return (field && pictureRatio(field)) ?? RATIO_DEFAULT;
  }
}

function filmRatio({ width, height }: Film): number | null {
  return width > 0 && height > 0 ? width / height : null;
}
