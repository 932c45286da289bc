import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../api/client';
import { Throttle } from '../api/throttle';
import type { RunDetail } from '../api/wire';

/** The description of one run is asked for at most this often while it grows. */
const RELOAD_INTERVAL_MS = 2000;

interface Wanted {
  revision: number;
  have: number;
  throttle: Throttle;
}

/** Descriptions of runs: which tags they have, their environment, what was lost. Read when wanted, again when the run grew. */
export class RunDetails {
  readonly #client: Client;
  readonly #details = new SvelteMap<string, RunDetail>();
  readonly #errors = new SvelteMap<string, unknown>();
  readonly #wanted = new Map<string, Wanted>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The newest description that has arrived; undefined before the first. */
  get(run: string): RunDetail | undefined {
    return this.#details.get(run);
  }

  /** Why the last request for a run failed; undefined when it did not. */
  error(run: string): unknown {
    return this.#errors.get(run);
  }

  /** Makes sure that the description of a run as of `revision` arrives. Call it from an effect that follows the revision. */
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

  async #load(run: string, wanted: Wanted): Promise<void> {
    const asked = wanted.revision;
    if (wanted.have >= asked) return;
    try {
      const detail = await this.#client.run(run);
      this.#details.set(run, detail);
      this.#errors.delete(run);
      wanted.have = Math.max(asked, detail.revision);
    } catch (error) {
      this.#errors.set(run, error);
    }
  }
}
