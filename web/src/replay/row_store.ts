/** Decoded rows of one field: doubles row after row, or strings. */
export interface Rows {
  /** Step of the first row. */
  first: number;
  rows: number;
  /** Elements of one row. */
  width: number;
  /** NaN where nothing was logged; empty for text. */
  values: Float64Array | Float32Array;
  /** False where nothing was logged. */
  valid: Uint8Array | null;
  text: (string | null)[] | null;
}

/** One row, as views. */
export interface Row {
  valid: boolean;
  values: Float64Array | Float32Array;
  text: string | null;
}

/** Asks for rows `from <= step < to`. */
export type FetchRows = (from: number, to: number, signal: AbortSignal) => Promise<Rows>;

/** Bytes that one request asks for, about. */
const CHUNK_BYTES = 256 * 1024;
const CHUNK_ROWS_MAX = 4096;
/** Chunks kept around the playhead: enough to play on and to step back. */
const CHUNKS_KEPT = 8;
const RETRY_MS = 1000;

/** Rows that one request asks for, for rows of `width` elements. */
export function rowsPerChunk(width: number): number {
  const rows = CHUNK_BYTES / (8 * Math.max(1, width));
  return Math.max(1, Math.min(CHUNK_ROWS_MAX, 2 ** Math.floor(Math.log2(Math.max(1, rows)))));
}

/**
 * Rows of one wide field of one episode, in chunks around the playhead; the next chunk in the playing direction is asked for
 * before it is needed.
 */
export class RowStore {
  error: Error | null = null;
  private readonly chunks = new Map<number, Rows>();
  private readonly flights = new Map<number, AbortController>();
  private readonly size: number;
  private failedAt = -Infinity;
  private low = Infinity;
  private high = -Infinity;
  private readonly lows: Float64Array;
  private readonly highs: Float64Array;

  constructor(
    private count: number,
    width: number,
    private readonly fetchRows: FetchRows,
    private readonly onchange: () => void,
  ) {
    this.size = rowsPerChunk(width);
    this.lows = new Float64Array(width).fill(NaN);
    this.highs = new Float64Array(width).fill(NaN);
  }

  /** The row of `step`, or null while it is not there. */
  get(step: number): Row | null {
    const chunk = this.chunks.get(Math.floor(step / this.size));
    const at = chunk ? step - chunk.first : -1;
    if (!chunk || at < 0 || at >= chunk.rows) return null;
    return {
      valid: chunk.text ? chunk.text[at] !== null : !chunk.valid || chunk.valid[at] !== 0,
      values: chunk.values.subarray(at * chunk.width, (at + 1) * chunk.width),
      text: chunk.text?.[at] ?? null,
    };
  }

  /** Says where the playhead is and which way it moves. */
  want(step: number, direction: 1 | -1): void {
    const here = Math.floor(step / this.size);
    for (const [chunk, flight] of this.flights) {
      if (Math.abs(chunk - here) > 1) {
        flight.abort();
        this.flights.delete(chunk);
      }
    }
    this.launch(here);
    // Past the middle of the chunk, in the direction of play.
    const into = (step - here * this.size) / this.size;
    if (direction > 0 ? into >= 0.5 : into < 0.5) this.launch(here + direction);
  }

  /** Smallest and largest finite value of all rows that came so far; null when there was none. */
  extent(): [number, number] | null {
    return this.low <= this.high ? [this.low, this.high] : null;
  }

  /** The same for each element of a row: NaN where there was none. */
  extents(): { low: Float64Array; high: Float64Array } {
    return { low: this.lows, high: this.highs };
  }

  /** A live episode grew; the chunk that was its end is asked for again. */
  grow(count: number): void {
    if (count <= this.count) return;
    this.chunks.delete(Math.floor(Math.max(0, this.count - 1) / this.size));
    this.count = count;
  }

  close(): void {
    for (const flight of this.flights.values()) flight.abort();
    this.flights.clear();
  }

  private launch(chunk: number): void {
    const from = chunk * this.size;
    if (from < 0 || from >= this.count || this.chunks.has(chunk) || this.flights.has(chunk)) return;
    if (performance.now() - this.failedAt < RETRY_MS) return;
    const controller = new AbortController();
    this.flights.set(chunk, controller);
    this.fetchRows(from, Math.min(this.count, from + this.size), controller.signal).then(
      (rows) => {
        if (controller.signal.aborted) return;
        this.flights.delete(chunk);
        this.keep(chunk, rows);
        this.error = null;
        this.onchange();
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        this.flights.delete(chunk);
        this.failedAt = performance.now();
        this.error = error instanceof Error ? error : new Error(String(error));
        this.onchange();
      },
    );
  }

  private keep(chunk: number, rows: Rows): void {
    this.chunks.set(chunk, rows);
    this.stretch(rows);
    while (this.chunks.size > CHUNKS_KEPT) {
      const farthest = [...this.chunks.keys()].reduce((a, b) =>
        Math.abs(b - chunk) > Math.abs(a - chunk) ? b : a,
      );
      this.chunks.delete(farthest);
    }
  }

  private stretch({ values, width }: Rows): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) continue;
      const element = i % width;
      if (!(value >= this.lows[element]!)) this.lows[element] = value;
      if (!(value <= this.highs[element]!)) this.highs[element] = value;
      if (value < this.low) this.low = value;
      if (value > this.high) this.high = value;
    }
  }
}
