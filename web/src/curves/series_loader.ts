import type { Client, Series } from '../api/client';
import type { Failure, SeriesQuery } from '../api/wire';

/** Curves of one request, each run of a group counted; the server takes 512. */
export const SERIES_MAX = 256;

type Answer = Series | { query: SeriesQuery; error: Failure };

interface Waiting {
  queries: readonly SeriesQuery[];
  resolve(answers: Answer[]): void;
  reject(error: unknown): void;
}

/** Puts the curves that several charts ask for at the same moment into one request. */
export class SeriesLoader {
  readonly #client: Pick<Client, 'series'>;
  readonly #waiting = new Map<number, Waiting[]>();

  constructor(client: Pick<Client, 'series'>) {
    this.#client = client;
  }

  /** The answers in the order of `queries`. Throws `ApiError`. */
  load(queries: readonly SeriesQuery[], buckets: number): Promise<Answer[]> {
    if (queries.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(buckets);
      if (waiting) {
        waiting.push({ queries, resolve, reject });
        return;
      }
      this.#waiting.set(buckets, [{ queries, resolve, reject }]);
      // Charts ask one after the other, in the effects of one update.
      setTimeout(() => void this.#send(buckets), 0);
    });
  }

  async #send(buckets: number): Promise<void> {
    const waiting = this.#waiting.get(buckets) ?? [];
    this.#waiting.delete(buckets);
    const queries = waiting.flatMap((one) => one.queries);
    try {
      const answers: Answer[] = [];
      for (const some of portions(queries)) answers.push(...(await this.#client.series(some, buckets)));
      let next = 0;
      for (const one of waiting) {
        one.resolve(answers.slice(next, next + one.queries.length));
        next += one.queries.length;
      }
    } catch (error) {
      waiting.forEach((one) => one.reject(error));
    }
  }
}

/** Queries in the order given, cut so that each part keeps to [`SERIES_MAX`]. */
function portions(queries: readonly SeriesQuery[]): SeriesQuery[][] {
  const parts: SeriesQuery[][] = [];
  let room = 0;
  for (const query of queries) {
    const runs = query.runs?.length ?? 1;
    if (runs > room) {
      parts.push([]);
      room = SERIES_MAX;
    }
    parts[parts.length - 1].push(query);
    room -= runs;
  }
  return parts;
}
