import type { Attributions } from '../api/attribution';

/** Attribution of one step, as views. */
export interface StepAttribution {
  values: Int8Array | Float32Array;
  /** A value is its byte times this. */
  scale: number;
  shape: number[];
  wrtShape: number[];
  atInput: number;
  /** Its value at the baseline; NaN for methods without one. */
  atBaseline: number;
  /** NaN for methods that promise no sum. */
  completenessError: number;
  entry: number;
  output: string;
  checkpoint: { global_step: number; name: string };
}

/** Asks for steps `from <= step < to`. */
export type FetchAttributions = (from: number, to: number, signal: AbortSignal) => Promise<Attributions>;

/** Steps of one request: few, so that the first overlay is there soon. */
const BLOCK = 8;
/** Answers slower than this are asked for a step at a time first: the step in view should not wait for its neighbours. */
const SLOW_MS = 250;
/** Blocks that are kept. */
const KEPT = 256;
/** Blocks asked for ahead of the playhead. */
const AHEAD = 3;
/** Requests at once: the server's cores are few. */
const FLIGHTS_MAX = 2;
const RETRY_MS = 2000;

/** Attributions of an episode around the playhead: what is on the screen is asked for first, then what comes next. */
export class AttributionSource {
  error: Error | null = null;
  private readonly blocks = new Map<number, Attributions>();
  private readonly flights = new Map<number, AbortController>();
  private failedAt = -Infinity;
  /** The step asked for by itself, and its answer. */
  private alone: { step: number; flight: AbortController; found: Attributions | null } | null = null;
  /** How long an answer takes, about. */
  private took = Infinity;
  /** The step that was wanted last. */
  private wanted = -Infinity;

  constructor(
    private readonly count: number,
    private readonly fetchRows: FetchAttributions,
    private readonly onchange: () => void,
  ) {}

  /** The attribution of a step; `null` where it has no answer, `undefined` while it is not there yet. */
  get(step: number): StepAttribution | null | undefined {
    const block =
      this.blocks.get(Math.floor(step / BLOCK)) ?? (this.alone?.step === step ? this.alone.found : null);
    return block ? rowOf(block, step - block.first) : undefined;
  }

  /** Asks for a step and those that follow it in a direction. */
  want(step: number, direction: 1 | -1): void {
    if (this.error && performance.now() - this.failedAt < RETRY_MS) return;
    const at = Math.floor(step / BLOCK);
    const wanted = Array.from({ length: AHEAD + 1 }, (_, ahead) => at + ahead * direction);
    for (const [block, flight] of this.flights) {
      if (!wanted.includes(block)) {
        flight.abort();
        this.flights.delete(block);
      }
    }
    if (this.took > SLOW_MS && !this.blocks.has(at) && step >= 0 && step < this.count) {
      // While it plays, blocks ahead are what is needed.
      if (Math.abs(step - this.wanted) > BLOCK) void this.loadAlone(step);
    }
    this.wanted = step;
    // Its neighbours after it.
    if (this.alone && !this.alone.found) return;
    for (const block of wanted) {
      if (this.flights.size >= FLIGHTS_MAX) return;
      if (block < 0 || block * BLOCK >= this.count || this.blocks.has(block) || this.flights.has(block))
        continue;
      void this.load(block);
    }
  }

  /** Whether an answer is on its way. */
  get isBusy(): boolean {
    return this.flights.size > 0 || (this.alone !== null && !this.alone.found);
  }

  /** All answers that are kept, in no order that means anything. */
  blocksKept(): Iterable<Attributions> {
    return this.blocks.values();
  }

  close(): void {
    for (const flight of this.flights.values()) flight.abort();
    this.flights.clear();
    this.alone?.flight.abort();
  }

  private async loadAlone(step: number): Promise<void> {
    this.alone?.flight.abort();
    const alone = (this.alone = { step, flight: new AbortController(), found: null as Attributions | null });
    try {
      alone.found = await this.fetchRows(step, step + 1, alone.flight.signal);
      this.error = null;
    } catch (error) {
      if (alone.flight.signal.aborted) return;
      this.fail(error);
      this.alone = null;
    }
    this.onchange();
  }

  private fail(error: unknown): void {
    this.error = error instanceof Error ? error : new Error(String(error));
    this.failedAt = performance.now();
  }

  private async load(block: number): Promise<void> {
    const flight = new AbortController();
    this.flights.set(block, flight);
    const began = performance.now();
    try {
      const found = await this.fetchRows(block * BLOCK, (block + 1) * BLOCK, flight.signal);
      this.took = performance.now() - began;
      this.blocks.set(block, found);
      this.error = null;
      if (this.blocks.size > KEPT) this.blocks.delete(this.blocks.keys().next().value!);
    } catch (error) {
      if (flight.signal.aborted) return;
      this.fail(error);
    } finally {
      if (this.flights.get(block) === flight) this.flights.delete(block);
    }
    this.onchange();
  }
}

/** One row of an answer; `null` where it has none. */
export function rowOf(block: Attributions, row: number): StepAttribution | null {
  if (row < 0 || row >= block.rows || block.valid?.[row] === 0) return null;
  const width = block.shape.reduce((product, length) => product * length, 1);
  return {
    values: block.values.subarray(row * width, (row + 1) * width),
    scale: block.scale[row]!,
    shape: block.shape,
    wrtShape: block.wrtShape,
    atInput: block.atInput[row]!,
    atBaseline: block.atBaseline[row] ?? NaN,
    completenessError: block.completenessError[row] ?? NaN,
    entry: block.entry[row]!,
    output: block.output,
    checkpoint: block.checkpoint,
  };
}
