import type { Client } from '../../api/client';
import { Latest } from '../../api/latest';
import { Throttle } from '../../api/throttle';
import type { TrendMethod } from '../../api/wire';
import type { ScatterTrend } from '../../charts/scatter_points';

/** Lines of a run that grows are asked for at most this often. */
const AGAIN_MS = 1500;
/** Points of one line that are told; a screen has few more pixels. */
const PLACES = 1000;
/** Local lines look at a share of all points at each place. */
const PLACES_LOCAL = 240;
/** The server's limit of points. */
const POINTS_MAX = 1_000_000;

/** Points that one line goes through, ascending in x. */
export interface TrendPoints {
  label: string;
  colour: string;
  x: Float64Array;
  y: Float64Array;
}

/** Lines through the points of a scatter, computed by the server. */
export class Trends {
  lines = $state.raw<readonly ScatterTrend[]>([]);
  error = $state.raw<unknown>(null);
  readonly #client: Client;
  readonly #latest = new Latest();
  readonly #load = new Throttle(() => this.#read(), AGAIN_MS);
  #groups: readonly TrendPoints[] = [];
  #method: TrendMethod | null = null;
  #of = '';

  constructor(client: Client) {
    this.#client = client;
  }

  /** Says which lines are wanted. `of` names what is drawn: when it changes, lines of before are taken away at once. */
  want(of: string, method: TrendMethod | null, groups: readonly TrendPoints[]): void {
    this.#groups = groups;
    this.#method = method;
    if (of !== this.#of) {
      this.#of = of;
      this.lines = [];
      this.error = null;
      this.#load.cancel();
    }
    this.#load.request();
  }

  dispose(): void {
    this.#latest.cancel();
    this.#load.cancel();
  }

  async #read(): Promise<void> {
    const method = this.#method;
    if (!method) {
      this.lines = [];
      return;
    }
    const places = method.method === 'loess' ? PLACES_LOCAL : PLACES;
    const groups = this.#groups.filter(({ x }) => x.length > 1 && x.length <= POINTS_MAX);
    try {
      const lines = await this.#latest.run((signal) =>
        Promise.all(
          groups.map(async ({ label, colour, x, y }) => {
            const line = await this.#client.trend(method, x, y, places, signal);
            return { label, colour, x: line.x, y: line.y };
          }),
        ),
      );
      if (!lines) return;
      this.lines = lines;
      this.error = null;
    } catch (why) {
      this.error = why;
    }
  }
}

/** The rows of a group that have a place along x, in its order; rows at the same x stay in theirs. */
export function pointsAlong(
  rows: ArrayLike<number>,
  x: Float64Array,
  y: Float64Array,
): Pick<TrendPoints, 'x' | 'y'> {
  const finite = Uint32Array.from(Array.from(rows).filter((row) => Number.isFinite(x[row])));
  let ascending = true;
  for (let i = 1; i < finite.length && ascending; i++) ascending = x[finite[i]] >= x[finite[i - 1]];
  if (!ascending) finite.sort((a, b) => x[a] - x[b] || a - b);
  return { x: Float64Array.from(finite, (row) => x[row]), y: Float64Array.from(finite, (row) => y[row]) };
}
