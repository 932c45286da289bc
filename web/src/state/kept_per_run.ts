import { SvelteMap } from 'svelte/reactivity';

import { Throttle } from '../api/throttle';

/** What is kept of one run is read again at most this often while it grows. */
const RELOAD_INTERVAL_MS = 2000;

interface Wanted {
  revision: number;
  have: number;
  throttle: Throttle;
}

/** Something of each run, such as its description: read when wanted, again when the run grew. */
export class KeptPerRun<T> {
  readonly #read: (run: string) => Promise<T>;
  readonly #revisionOf: (value: T) => number;
  readonly #values = new SvelteMap<string, T>();
  readonly #errors = new SvelteMap<string, unknown>();
  readonly #wanted = new Map<string, Wanted>();

  /** `revisionOf` is as of which revision a value is, where it says so itself: the run may have grown since it was asked for. */
  constructor(read: (run: string) => Promise<T>, revisionOf: (value: T) => number = () => 0) {
    this.#read = read;
    this.#revisionOf = revisionOf;
  }

  /** The newest that has arrived; undefined before the first. */
  get(run: string): T | undefined {
    return this.#values.get(run);
  }

  /** Why the last request for a run failed; undefined when it did not. */
  error(run: string): unknown {
    return this.#errors.get(run);
  }

  /** Makes sure that it arrives as of `revision`. Call it from an effect that follows the revision. */
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

  /** Asks for nothing any more. */
  dispose(): void {
    for (const { throttle } of this.#wanted.values()) throttle.cancel();
    this.#wanted.clear();
  }

  async #load(run: string, wanted: Wanted): Promise<void> {
    const asked = wanted.revision;
    if (wanted.have >= asked) return;
    try {
      const value = await this.#read(run);
      this.#values.set(run, value);
      this.#errors.delete(run);
      wanted.have = Math.max(asked, this.#revisionOf(value));
    } catch (error) {
      this.#errors.set(run, error);
    }
  }
}
