import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../api/client';
import type { Connection, Events } from '../api/events';
import { ApiError } from '../api/source';
import { Throttle } from '../api/throttle';
import type { RunSummary } from '../api/wire';

/** The table of runs is asked for at most this often while runs grow. */
const RELOAD_INTERVAL_MS = 1500;

/** All runs of the server, kept up to date. */
export class Runs {
  /** Newest first. */
  all = $state.raw<readonly RunSummary[]>([]);
  /** Folders that are served. */
  roots = $state.raw<readonly string[]>([]);
  /** False until the first answer. */
  loaded = $state(false);
  /** Why the last request failed; null once one succeeded. */
  error = $state.raw<ApiError | null>(null);
  connection = $state<Connection>('idle');

  /** Newest revision heard of, by run: effects that read one run's entry run again when that run grew. */
  readonly revisions = new SvelteMap<string, number>();

  readonly #client: Client;
  readonly #events: Events;
  readonly #reload = new Throttle(() => this.load(), RELOAD_INTERVAL_MS);
  #byId = $derived(new Map(this.all.map((run) => [run.id, run])));
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Client, events: Events) {
    this.#client = client;
    this.#events = events;
  }

  /** The run of that id, undefined when there is none (yet). */
  byId(id: string | null): RunSummary | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  /** Loads the table and follows the notices. */
  start(): () => void {
    const stops = [
      this.#events.watch((connection) => (this.connection = connection)),
      this.#events.listen({
        runs: () => this.#reload.request(),
        // Titles and tags that people give are part of the table.
        notes: () => this.#reload.request(),
        revision: ({ run, revision }) => {
          this.#heard(run, revision);
          this.#reload.request();
        },
      }),
    ];
    this.#reload.request();
    return () => {
      stops.forEach((stop) => stop());
      this.#reload.cancel();
      clearTimeout(this.#retry);
    };
  }

  /** Asks for the table once. */
  async load(): Promise<void> {
    try {
      const list = await this.#client.runs();
      this.all = list.runs.toSorted((a, b) => b.created_us - a.created_us || (a.id < b.id ? 1 : -1));
      this.roots = list.roots;
      this.error = null;
      this.loaded = true;
      for (const run of list.runs) this.#heard(run.id, run.revision);
    } catch (error) {
      this.error =
        error instanceof ApiError ? error : new ApiError(0, { code: 'broken', message: String(error) });
      clearTimeout(this.#retry);
      // A server that was stopped comes back without a notice when the stream never stood.
      if (!this.error.isUnauthorised) this.#retry = setTimeout(() => this.#reload.request(), 3000);
    }
  }

  #heard(run: string, revision: number): void {
    if (revision > (this.revisions.get(run) ?? -1)) this.revisions.set(run, revision);
  }
}
