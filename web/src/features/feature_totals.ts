import type { FetchMaps } from './feature_map_source';
import { nextGap } from '../replay/attribution_totals';

/** Steps of the first request, and of the largest that the server answers. */
const STEPS_FIRST = 16;
const STEPS_MAX = 64;
/** Answers faster than this let the next one be larger; slower than three times as long, smaller. */
const WISHED_MS = 400;
/** How long it waits when something more urgent is asked. */
const WAIT_MS = 120;

/** Sums of each factor over a whole episode, asked for while nothing more urgent is: first around the step in view, then outward. */
export class FeatureTotals {
  /** One series a factor, then that of the residual; NaN where nothing is known. */
  readonly series: Float64Array[];
  known = 0;
  error: Error | null = null;
  readonly #asked: Uint8Array;
  #flight: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #steps = STEPS_FIRST;
  #running = false;

  constructor(
    readonly count: number,
    readonly factors: number,
    private readonly fetchMaps: FetchMaps,
    /** The step in view. */
    private readonly step: () => number,
    private readonly isBusy: () => boolean,
    private readonly onchange: () => void,
  ) {
    this.series = Array.from({ length: factors + 1 }, () => new Float64Array(count).fill(NaN));
    this.#asked = new Uint8Array(count);
  }

  get isDone(): boolean {
    return this.known >= this.count;
  }

  /** Goes on, also after an error. */
  start(): void {
    if (this.#running || this.isDone) return;
    this.#running = true;
    this.error = null;
    this.#later(0);
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#flight?.abort();
    this.#flight = null;
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#next(), ms);
  }

  async #next(): Promise<void> {
    if (!this.#running || this.#flight) return;
    if (this.isBusy() || globalThis.document?.hidden) {
      this.#later(WAIT_MS);
      return;
    }
    const range = nextGap(this.#asked, this.step(), this.#steps);
    if (!range) {
      this.#running = false;
      return;
    }
    const flight = (this.#flight = new AbortController());
    const began = performance.now();
    try {
      const found = await this.fetchMaps(range[0], range[1], flight.signal);
      if (flight.signal.aborted) return;
      for (let step = range[0]; step < range[1]; step += 1) {
        const row = step - found.first;
        this.#asked[step] = 1;
        if (row < 0 || row >= found.steps || found.valid?.[row] === 0) continue;
        for (let factor = 0; factor < this.factors; factor += 1)
          this.series[factor]![step] = found.totals[row * found.factors + factor] ?? NaN;
        this.series[this.factors]![step] = found.residualTotal[row] ?? NaN;
      }
      this.known += range[1] - range[0];
      const took = performance.now() - began;
      if (took < WISHED_MS) this.#steps = Math.min(STEPS_MAX, this.#steps * 2);
      else if (took > 3 * WISHED_MS) this.#steps = Math.max(1, this.#steps >> 1);
    } catch (error) {
      if (flight.signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.#running = false;
    } finally {
      if (this.#flight === flight) this.#flight = null;
    }
    this.onchange();
    if (this.#running) this.#later(0);
  }
}
