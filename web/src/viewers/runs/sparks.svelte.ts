import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../../api/client';
import { isSeries } from '../../api/series';
import { Throttle } from '../../api/throttle';

/** Points of a small curve. */
const BUCKETS = 40;
/** Curves of one request; the server takes more, but the first rows should not wait for the last. */
const BATCH = 64;
/** Growing runs are asked again at most this often. */
const INTERVAL_MS = 1500;

interface Wanted {
  revision: number;
  have: number;
}

/** Small curves of the return of each episode, for the rows that are on the screen. */
export class Sparks {
  readonly #points = new SvelteMap<string, Float64Array | null>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #load = new Throttle(() => this.#read(), INTERVAL_MS);

  constructor(private readonly client: Client) {}

  /** Mean returns over the episodes; null when the run has none, undefined until it is known. */
  get(run: string): Float64Array | null | undefined {
    return this.#points.get(run);
  }

  /** Says which runs are on the screen and how new they are. */
  want(runs: readonly { id: string; revision: number }[]): void {
    let fresh = false;
    for (const { id, revision } of runs) {
      const wanted = this.#wanted.get(id);
      if (!wanted) this.#wanted.set(id, { revision, have: -1 });
      else wanted.revision = Math.max(wanted.revision, revision);
      fresh ||= !wanted || wanted.have < revision;
    }
    if (fresh) this.#load.request();
  }

  close(): void {
    this.#load.cancel();
  }

  async #read(): Promise<void> {
    const due = [...this.#wanted].filter(([, { revision, have }]) => have < revision).slice(0, BATCH);
    if (due.length === 0) return;
    const asked = due.map(([run, { revision }]) => ({ run, revision }));
    try {
      const answers = await this.client.series(
        asked.map(({ run }) => ({ run, axis: 'episode' as const, tag: 'episode_return' })),
        BUCKETS,
      );
      asked.forEach(({ run, revision }, i) => {
        const answer = answers[i];
        this.#points.set(run, answer && isSeries(answer) && answer.mean.length > 0 ? answer.mean : null);
        this.#wanted.get(run)!.have = revision;
      });
    } catch {
      // The line to the server tells; the next change asks again. Until then the place stays empty.
      for (const { run, revision } of asked) this.#wanted.get(run)!.have = revision;
    }
    if ([...this.#wanted.values()].some(({ revision, have }) => have < revision)) this.#load.request();
  }
}
