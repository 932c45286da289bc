import { SvelteMap } from 'svelte/reactivity';

import type { Columns } from '../api/columns';
import { Throttle } from '../api/throttle';
import type { App } from '../state/app.svelte';

/** The episodes of a run that grows are read again at most this often. */
const RELOAD_INTERVAL_MS = 2000;

interface Wanted {
  revision: number;
  have: number;
  throttle: Throttle;
}

/** All columns of the episodes of runs, also what scripts attached; read once for all panels, and again when a run grew. */
export class EpisodeColumns {
  readonly #app: App;
  readonly #columns = new SvelteMap<string, Columns>();
  readonly #errors = new SvelteMap<string, unknown>();
  readonly #wanted = new Map<string, Wanted>();

  constructor(app: App) {
    this.#app = app;
  }

  get(run: string): Columns | undefined {
    return this.#columns.get(run);
  }

  error(run: string): unknown {
    return this.#errors.get(run);
  }

  /** Makes sure that the episodes of a run as of `revision` arrive. */
  want(run: string, revision: number): void {
    let wanted = this.#wanted.get(run);
    if (!wanted) {
      const entry: Wanted = {
        revision,
        have: -1,
        throttle: new Throttle(() => this.#load(run, entry), RELOAD_INTERVAL_MS),
      };
      this.#wanted.set(run, (wanted = entry));
    }
    wanted.revision = Math.max(wanted.revision, revision);
    if (wanted.have < wanted.revision) wanted.throttle.request();
  }

  dispose(): void {
    for (const { throttle } of this.#wanted.values()) throttle.cancel();
    this.#wanted.clear();
  }

  async #load(run: string, wanted: Wanted): Promise<void> {
    const asked = wanted.revision;
    if (wanted.have >= asked) return;
    try {
      this.#columns.set(run, await this.#app.client.episodes(run));
      this.#errors.delete(run);
      wanted.have = asked;
    } catch (error) {
      this.#errors.set(run, error);
    }
  }
}
