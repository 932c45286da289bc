import type { Client } from '../../api/client';
import { Latest } from '../../api/latest';
import type { FoundEvents } from '../../api/wire';

/** Between two questions while the server still looks. */
const AGAIN_MS = 150;

/** The events of one run, as they are found: the server answers in part until it has looked at every episode. */
export class Found {
  events = $state.raw<FoundEvents | null>(null);
  error = $state.raw<Error | null>(null);
  /** It looks on. */
  busy = $state(false);

  readonly #client: Client;
  readonly #latest = new Latest();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Looks at a run; `kinds` that need networks have to be named, `settings` are those that are not as usual. */
  async load(
    run: string,
    kinds: readonly string[],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    this.busy = true;
    const work = async (signal: AbortSignal) => {
      for (;;) {
        const events = await this.#client.runEvents(run, { kinds, settings, signal });
        if (signal.aborted) return;
        this.events = events;
        this.error = null;
        if (events.done >= events.episodes) return;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        signal.throwIfAborted();
      }
    };
    try {
      await this.#latest.run(async (signal) => {
        await work(signal);
        if (!signal.aborted) this.busy = false;
      });
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error));
      this.busy = false;
    }
  }

  /** Looks no further; what was found stays. */
  cancel(): void {
    this.#latest.cancel();
    this.busy = false;
  }

  /** Another run: nothing of the one before is to be seen. */
  clear(): void {
    this.cancel();
    this.events = null;
    this.error = null;
  }
}
