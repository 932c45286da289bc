import { Throttle } from '../api/throttle';
import { nearestEpisode, type CurvePlace, type EpisodeStep } from '../state/nearest_episode';
import { hasOutcome, type EpisodeTable, type EpisodeTables } from '../state/episode_tables';

/** Tables of growing runs are looked at again at most this often. */
const RELOAD_INTERVAL_MS = 1000;

/** Where the recorded episodes of a run start, in order. */
export interface Marks {
  step: Float64Array;
  /** Microseconds since 1970. */
  timeUs: Float64Array;
}

interface Known {
  table: EpisodeTable;
  marks: Marks;
  /** Global steps at which episodes started, ascending. */
  starts: Float64Array;
  /** Another number for each table. */
  stamp: number;
}

/** The episodes of the runs that are shown, at hand for marks and hints while the pointer moves. */
export class EpisodeLens {
  #known = $state.raw<ReadonlyMap<string, Known>>(new Map());
  readonly #tables: EpisodeTables;
  readonly #reload = new Throttle(() => this.#load(), RELOAD_INTERVAL_MS);
  #want: readonly { id: string; revision: number }[] = [];
  #stamps = 0;

  constructor(tables: EpisodeTables) {
    this.#tables = tables;
  }

  /** Says whose episodes are needed; call it whenever that changes or a run grew. */
  want(runs: readonly { id: string; revision: number }[]): void {
    const same =
      runs.length === this.#want.length &&
      runs.every(({ id, revision }, i) => id === this.#want[i].id && revision === this.#want[i].revision);
    if (same) return;
    this.#want = runs;
    this.#reload.request();
  }

  dispose(): void {
    this.#want = [];
    this.#reload.cancel();
  }

  /** Recorded episodes of a run; undefined while they are unknown. */
  marks(run: string): Marks | undefined {
    return this.#known.get(run)?.marks;
  }

  /** Global steps at which the episodes of a run started, ascending; undefined while they are unknown. */
  starts(run: string): Float64Array | undefined {
    return this.#known.get(run)?.starts;
  }

  /** Changes when what is known of these runs does. */
  stamp(runs: readonly { id: string }[]): string {
    return runs.map(({ id }) => this.#known.get(id)?.stamp ?? 0).join();
  }

  /** Which kinds of ended episodes a run has; undefined while they are unknown. */
  kinds(run: string): { training: boolean; evaluation: boolean } | undefined {
    const table = this.#known.get(run)?.table;
    if (!table) return undefined;
    const has = (evaluation: number) =>
      table.evaluation.some((kind, row) => kind === evaluation && hasOutcome(table, row));
    return { training: has(0), evaluation: has(1) };
  }

  /** The recorded episode behind a point; null when there is none, or not yet known. */
  nearest(run: string, at: CurvePlace): EpisodeStep | null {
    const table = this.#known.get(run)?.table;
    return table ? nearestEpisode(table, at) : null;
  }

  async #load(): Promise<void> {
    const entries = await Promise.all(
      this.#want.map(async ({ id, revision }) => {
        const table = await this.#tables.of(id, revision).catch(() => undefined);
        const before = this.#known.get(id);
        if (!table || table === before?.table) return [id, before] as const;
        const starts = table.globalStep.toSorted();
        return [id, { table, marks: marksOf(table), starts, stamp: (this.#stamps += 1) }] as const;
      }),
    );
    this.#known = new Map(entries.filter((entry): entry is [string, Known] => entry[1] !== undefined));
  }
}

/** Where recorded episodes start. */
export function marksOf(table: EpisodeTable): Marks {
  const rows = [...table.episode.keys()]
    .filter((row) => table.recorded[row] === 1)
    .sort((a, b) => table.globalStep[a] - table.globalStep[b]);
  return {
    step: Float64Array.from(rows, (row) => table.globalStep[row]),
    timeUs: Float64Array.from(rows, (row) => table.startedUs[row]),
  };
}
