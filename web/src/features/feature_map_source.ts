import type { FeatureMaps } from '../api/features';
import { largestOf, type FactorPlanes } from '../charts/factor_paint';
import { commonReach } from '../charts/heat_scale';

/** Asks for steps `from <= step < to`. */
export type FetchMaps = (from: number, to: number, signal: AbortSignal) => Promise<FeatureMaps>;

/** How strong the factors are at one step, as views. */
export interface StepMaps extends FactorPlanes {
  factors: number;
  /** Sums over the cells, one a factor. */
  totals: Float32Array;
  residualTotal: number;
}

/** Steps of one request: a few, so that the first is there soon; the server answers at most 64. */
const BLOCK = 16;
/** Blocks asked for ahead of the playhead. */
const AHEAD = 2;
const FLIGHTS_MAX = 2;
const KEPT = 128;
const RETRY_MS = 2000;

/** Maps of an episode around the playhead: what is on the screen first, then what comes next. */
export class FeatureMapSource {
  error: Error | null = null;
  readonly #blocks = new Map<number, FeatureMaps>();
  readonly #flights = new Map<number, AbortController>();
  /** Largest number of each known step, and the largest sum of any. */
  readonly #largest = new Map<number, number[]>();
  #reach: number | null = null;
  #totalMost = 0;
  #failedAt = -Infinity;

  constructor(
    private readonly count: number,
    private readonly fetchMaps: FetchMaps,
    private readonly onchange: () => void,
  ) {}

  /** The maps of a step; `null` where it has no answer, `undefined` while they are not here. */
  get(step: number): StepMaps | null | undefined {
    const block = this.#blocks.get(Math.floor(step / BLOCK));
    return block && stepOf(block, step - block.first);
  }

  /** Asks for a step and those that follow it in a direction. */
  want(step: number, direction: 1 | -1): void {
    if (this.error && performance.now() - this.#failedAt < RETRY_MS) return;
    const at = Math.floor(step / BLOCK);
    const wanted = Array.from({ length: AHEAD + 1 }, (_, ahead) => at + ahead * direction);
    for (const [block, flight] of this.#flights) {
      if (wanted.includes(block)) continue;
      flight.abort();
      this.#flights.delete(block);
    }
    for (const block of wanted) {
      if (this.#flights.size >= FLIGHTS_MAX) return;
      const isThere = this.#blocks.has(block) || this.#flights.has(block);
      if (block >= 0 && block * BLOCK < this.count && !isThere) void this.#load(block);
    }
  }

  /** The end of one scale for all steps that are here: the median of the largest of each. */
  get reach(): number {
    return (this.#reach ??= commonReach([...this.#largest.values()].flat()));
  }

  /** The largest sum of a factor at any step that was here. */
  get totalMost(): number {
    return this.#totalMost;
  }

  get isBusy(): boolean {
    return this.#flights.size > 0;
  }

  close(): void {
    for (const flight of this.#flights.values()) flight.abort();
    this.#flights.clear();
  }

  async #load(block: number): Promise<void> {
    const flight = new AbortController();
    this.#flights.set(block, flight);
    try {
      const end = Math.min(this.count, (block + 1) * BLOCK);
      const found = await this.fetchMaps(block * BLOCK, end, flight.signal);
      if (flight.signal.aborted) return;
      this.#keep(block, found);
      this.error = null;
    } catch (error) {
      if (flight.signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.#failedAt = performance.now();
    } finally {
      if (this.#flights.get(block) === flight) this.#flights.delete(block);
    }
    this.onchange();
  }

  #keep(block: number, found: FeatureMaps): void {
    this.#blocks.set(block, found);
    const rows = Array.from({ length: found.steps }, (_, row) => stepOf(found, row)).filter(
      (row) => row !== null,
    );
    this.#largest.set(
      block,
      rows.map(({ maps }) => largestOf(maps)),
    );
    for (const { totals } of rows)
      for (const total of totals) this.#totalMost = Math.max(this.#totalMost, Math.abs(total) || 0);
    this.#reach = null;
    if (this.#blocks.size <= KEPT) return;
    const oldest = this.#blocks.keys().next().value!;
    this.#blocks.delete(oldest);
    this.#largest.delete(oldest);
  }
}

/** One row of an answer; `null` where it has none. */
export function stepOf(block: FeatureMaps, row: number): StepMaps | null {
  if (row < 0 || row >= block.steps || block.valid?.[row] === 0) return null;
  const { rows, columns, factors } = block;
  const cells = rows * columns;
  return {
    rows,
    columns,
    factors,
    maps: block.maps.subarray(row * factors * cells, (row + 1) * factors * cells),
    residual: block.residual.subarray(row * cells, (row + 1) * cells),
    totals: block.totals.subarray(row * factors, (row + 1) * factors),
    residualTotal: block.residualTotal[row]!,
  };
}
