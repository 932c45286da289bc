/** How far a field reaches over a whole episode, one entry an element of a row; NaN where there was no finite number. */
export interface Extents {
  low: Float64Array;
  high: Float64Array;
}

/** Asks for the extents of one field. */
export type FetchExtents = (name: string, signal: AbortSignal) => Promise<Extents>;

/** A live episode is asked again at most so often. */
const AGAIN_MS = 2000;

/** Extents of fields of one episode, as they are asked for. */
export class ExtentStore {
  readonly #known = new Map<string, { extents: Extents | null; asked: number; stale: boolean }>();
  readonly #abort = new AbortController();

  constructor(
    private readonly fetchExtents: FetchExtents,
    private readonly onchange: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The extents, or null until they came; those of a shorter episode while it grows. Asks for them when they are not there. */
  get(name: string): Extents | null {
    const known = this.#known.get(name);
    if (!known || (known.stale && this.now() - known.asked >= AGAIN_MS)) this.#ask(name);
    return known?.extents ?? null;
  }

  /** A live episode grew. */
  grow(): void {
    for (const known of this.#known.values()) known.stale = true;
  }

  close(): void {
    this.#abort.abort();
  }

  #ask(name: string): void {
    const entry = { extents: this.#known.get(name)?.extents ?? null, asked: this.now(), stale: false };
    this.#known.set(name, entry);
    this.fetchExtents(name, this.#abort.signal).then(
      (extents) => {
        entry.extents = extents;
        this.onchange();
      },
      () => {
        // The rows that were read say how far they reach; the next question comes no sooner than a growing episode's.
        entry.stale = true;
      },
    );
  }
}

/** Smallest and largest over all elements; null when there is no finite number. */
export function overall({ low, high }: Extents): [number, number] | null {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < low.length; i++) {
    if (low[i]! < least) least = low[i]!;
    if (high[i]! > most) most = high[i]!;
  }
  return least <= most ? [least, most] : null;
}
