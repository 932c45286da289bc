import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../api/client';
import { Throttle } from '../api/throttle';
import type { ErrorBody, ScalarTag } from '../api/wire';

/** Tags of growing runs are asked for at most this often. */
const RELOAD_INTERVAL_MS = 2000;
/** Runs of one request: the server takes 512. */
const RUNS_MAX = 256;

/** Which scalars a run has. */
export interface RunTagList {
  scalars: readonly ScalarTag[];
  episodeCount: number;
}

interface Wanted {
  revision: number;
  have: number;
}

/** Which scalars runs have: one request for all that are wanted and grew. A run whose tags stayed the same disturbs nobody. */
export class RunTags {
  readonly #client: Pick<Client, 'tags'>;
  readonly #lists = new SvelteMap<string, RunTagList>();
  readonly #errors = new SvelteMap<string, unknown>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #reload = new Throttle(() => this.#load(), RELOAD_INTERVAL_MS);
  #runs: readonly string[] = [];

  constructor(client: Pick<Client, 'tags'>) {
    this.#client = client;
  }

  /** The newest list that has arrived; undefined before the first. */
  get(run: string): RunTagList | undefined {
    return this.#lists.get(run);
  }

  /** Why a run's tags could not be had; undefined when they could. */
  error(run: string): unknown {
    return this.#errors.get(run);
  }

  /** Makes sure that the tags of these runs, and of no others, arrive. Call it from an effect that follows their revisions. */
  want(runs: readonly { id: string; revision: number }[]): void {
    this.#runs = runs.map(({ id }) => id);
    for (const { id, revision } of runs) {
      const wanted = this.#wanted.get(id);
      if (wanted) wanted.revision = Math.max(wanted.revision, revision);
      else this.#wanted.set(id, { revision, have: -1 });
    }
    if (this.#stale().length > 0) this.#reload.request();
  }

  #stale(): string[] {
    return this.#runs.filter((run) => {
      const wanted = this.#wanted.get(run);
      return wanted && wanted.have < wanted.revision;
    });
  }

  async #load(): Promise<void> {
    const stale = this.#stale();
    for (let at = 0; at < stale.length; at += RUNS_MAX) {
      const some = stale.slice(at, at + RUNS_MAX);
      const asked = new Map(some.map((run) => [run, this.#wanted.get(run)?.revision ?? 0]));
      try {
        for (const answer of await this.#client.tags(some)) {
          if ('error' in answer) this.#failed(answer.run, new TagsError(answer.error));
          else {
            // Growth that was heard of meanwhile is asked for again.
            const revision = Math.max(answer.revision, asked.get(answer.run) ?? 0);
            this.#arrived(answer.run, revision, answer.scalars, answer.episode_count);
          }
        }
      } catch (error) {
        some.forEach((run) => this.#failed(run, error));
      }
    }
  }

  #arrived(run: string, revision: number, scalars: readonly ScalarTag[], episodeCount: number): void {
    const wanted = this.#wanted.get(run);
    if (wanted) wanted.have = Math.max(wanted.have, revision);
    this.#errors.delete(run);
    const before = this.#lists.get(run);
    if (!before || !sameTags(before, scalars, episodeCount)) this.#lists.set(run, { scalars, episodeCount });
  }

  #failed(run: string, error: unknown): void {
    this.#errors.set(run, error);
  }
}

/** The server could not read one run. */
class TagsError extends Error {
  readonly code: string;

  constructor({ code, message }: ErrorBody) {
    super(message);
    this.code = code;
  }
}

/** The same tags, whatever their last values: only a new tag makes a new chart. */
function sameTags(before: RunTagList, scalars: readonly ScalarTag[], episodeCount: number): boolean {
  return (
    before.episodeCount > 0 === episodeCount > 0 &&
    before.scalars.length === scalars.length &&
    before.scalars.every((one, i) => one.tag === scalars[i].tag && one.axis === scalars[i].axis)
  );
}
