import type { AttributionTotals as Totals } from '../api/attribution';

/** Asks for steps `from <= step < to`. */
export type FetchTotals = (from: number, to: number, signal: AbortSignal) => Promise<Totals>;

/** Steps of the first request. The number follows from how long answers take. */
const STEPS_FIRST = 8;
const STEPS_MAX = 64;
/** Answers faster than this let the next one be larger; slower than three times as long, smaller. */
const WISHED_MS = 400;
/** How long it waits when something more urgent is asked. */
const WAIT_MS = 120;

/** Totals over a whole episode, asked for while nothing more urgent is: first around the step in view, then outward. */
export class AttributionTotals {
  readonly positive: Float64Array;
  readonly negative: Float64Array;
  readonly atInput: Float64Array;
  /** Steps whose answer is here. */
  known = 0;
  error: Error | null = null;
  private readonly asked: Uint8Array;
  private flight: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private steps = STEPS_FIRST;
  private running = false;

  constructor(
    readonly count: number,
    private readonly fetchTotals: FetchTotals,
    /** The step in view. */
    private readonly step: () => number,
    /** Whether something more urgent is asked at the moment. */
    private readonly isBusy: () => boolean,
    private readonly onchange: () => void,
  ) {
    this.positive = new Float64Array(count).fill(NaN);
    this.negative = new Float64Array(count).fill(NaN);
    this.atInput = new Float64Array(count).fill(NaN);
    this.asked = new Uint8Array(count);
  }

  /** Sum of magnitudes at each known step. */
  sizes(): Float64Array {
    return this.positive.map((positive, i) => positive - this.negative[i]!);
  }

  get isRunning(): boolean {
    return this.running;
  }

  get isDone(): boolean {
    return this.known >= this.count;
  }

  /** Goes on, also after an error. */
  start(): void {
    if (this.running || this.isDone) return;
    this.running = true;
    this.error = null;
    this.later(0);
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.flight?.abort();
    this.flight = null;
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.next(), ms);
  }

  private async next(): Promise<void> {
    if (!this.running || this.flight) return;
    if (this.isBusy() || globalThis.document?.hidden) {
      this.later(WAIT_MS);
      return;
    }
    const range = nextGap(this.asked, this.step(), this.steps);
    if (!range) {
      this.running = false;
      this.onchange();
      return;
    }
    const flight = (this.flight = new AbortController());
    const began = performance.now();
    try {
      const found = await this.fetchTotals(range[0], range[1], flight.signal);
      if (flight.signal.aborted) return;
      this.keep(range, found);
      const took = performance.now() - began;
      if (took < WISHED_MS) this.steps = Math.min(STEPS_MAX, this.steps * 2);
      else if (took > 3 * WISHED_MS) this.steps = Math.max(1, this.steps >> 1);
    } catch (error) {
      if (flight.signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.running = false;
    } finally {
      if (this.flight === flight) this.flight = null;
    }
    this.onchange();
    if (this.running) this.later(0);
  }

  private keep([from, to]: [number, number], found: Totals): void {
    for (let step = from; step < to; step += 1) {
      const row = step - found.first;
      this.asked[step] = 1;
      this.positive[step] = found.positive[row] ?? NaN;
      this.negative[step] = found.negative[row] ?? NaN;
      this.atInput[step] = found.atInput[row] ?? NaN;
    }
    this.known += to - from;
  }
}

/** The stretch to ask for next: the nearest step at which `known` is zero and what follows it, at most `steps` long; null when all is. */
export function nextGap(known: Uint8Array, step: number, steps: number): [number, number] | null {
  const at = Math.max(0, Math.min(known.length - 1, step));
  for (let far = 0; far < known.length; far += 1) {
    for (const [start, by] of [
      [at + far, 1],
      [at - far, -1],
    ] as const) {
      if (known[start] !== 0) continue;
      let end = start;
      while (Math.abs(end + by - start) < steps && known[end + by] === 0) end += by;
      return by > 0 ? [start, end + 1] : [end, start + 1];
    }
  }
  return null;
}
