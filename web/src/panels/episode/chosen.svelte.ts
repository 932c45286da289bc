import { Throttle } from '../../api/throttle';
import type { Panels } from '../panels.svelte';
import { pickEpisode, type Which } from './pick_episode';

/** A run that grows is looked at again at most this often. */
const RELOAD_INTERVAL_MS = 1000;

/** The episode that a panel is about: one of the run, or the one in view. */
export class ChosenEpisode {
  /** Null while unknown, and when none was recorded. */
  episode = $state<number | null>(null);
  /** False until the episodes of the run were read. */
  loaded = $state(false);
  error = $state.raw<unknown>(null);

  readonly #panels: Panels;
  readonly #reload = new Throttle(() => this.#load(), RELOAD_INTERVAL_MS);
  #which: Which | 'playhead' = 'latest';
  #run: string | null = null;

  constructor(panels: Panels) {
    this.#panels = panels;
  }

  /** Says what is meant; call it from an effect, which follows the run as it grows. */
  want(which: Which | 'playhead'): void {
    const { run, app } = this.#panels;
    const changed = which !== this.#which || (run?.id ?? null) !== this.#run;
    this.#which = which;
    this.#run = run?.id ?? null;
    if (!run) return;
    void this.#panels.revision(run);
    void app.playhead.episode;
    if (changed) {
      this.loaded = false;
      this.#reload.cancel();
    }
    this.#reload.request();
  }

  dispose(): void {
    this.#run = null;
    this.#reload.cancel();
  }

  async #load(): Promise<void> {
    const { run, app } = this.#panels;
    if (!run || this.#run !== run.id) return;
    const which = this.#which;
    try {
      const table = await app.episodes.of(run.id, this.#panels.revision(run));
      if (this.#run !== run.id || this.#which !== which) return;
      const inView = which === 'playhead' && app.playhead.run === run.id ? app.playhead.episode : null;
      this.episode = inView ?? pickEpisode(table, which === 'playhead' ? 'latest' : which);
      this.error = null;
    } catch (error) {
      if (this.#run !== run.id) return;
      this.error = error;
    }
    this.loaded = true;
  }
}
