import type { Client } from '../api/client';
import type { Series } from '../api/series';
import type { Failure, SeriesQuery } from '../api/wire';

/** Curves of one request, each run of a group counted; the server takes 512. */
export const SERIES_MAX = 256;

type Answer = Series | { query: SeriesQuery; error: Failure };

interface Waiting {
  queries: readonly SeriesQuery[];
  resolve(answers: Answer[]): void;
  reject(error: unknown): void;
}

/** Requests under way at once: the server reads one while the other is decoded here. */
const AT_ONCE = 2;

/** Queries of one request, and whose they are. */
interface Portion {
  queries: SeriesQuery[];
  /** The owner of each query, and its place among the owner's. */
  owners: { of: Waiting; place: number }[];
}

/**
 * Puts the curves that several charts ask for at the same moment into few requests. A chart is not parted where it need not be, and has
 * its answer as soon as all of its own is there.
 */
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
    const answers = new Map(waiting.map((one) => [one, new Array<Answer>(one.queries.length)]));
    const left = new Map(waiting.map((one) => [one, one.queries.length]));
    const todo = portions(waiting);
    const work = async () => {
      for (let portion = todo.shift(); portion; portion = todo.shift()) {
        const { queries, owners } = portion;
        try {
          const found = await this.#client.series(queries, buckets);
          owners.forEach(({ of, place }, i) => {
            answers.get(of)![place] = found[i];
            left.set(of, left.get(of)! - 1);
            if (left.get(of) === 0) of.resolve(answers.get(of)!);
          });
        } catch (error) {
          owners.forEach(({ of }) => of.reject(error));
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}

/** Queries in the order given, cut so that each part keeps to [`SERIES_MAX`], between two charts where that can be. */
function portions(waiting: readonly Waiting[]): Portion[] {
  const parts: Portion[] = [];
  let room = 0;
  const begin = () => {
    parts.push({ queries: [], owners: [] });
    room = SERIES_MAX;
  };
  for (const of of waiting) {
    const sizes = of.queries.map((query) => query.runs?.length ?? 1);
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    if (whole > room && whole <= SERIES_MAX) begin();
    of.queries.forEach((query, place) => {
      if (sizes[place] > room) begin();
      const part = parts[parts.length - 1];
      part.queries.push(query);
      part.owners.push({ of, place });
      room -= sizes[place];
    });
  }
  return parts;
}
