import type { FrameCache, FrameHit } from './frame_cache';
import type { FrameDecoder } from './frame_decoder';
import type { FetchFrames } from './frame_source';

export interface ScreenFramesOptions {
  /** Unique name of run, episode and field. */
  series: string;
  /** Rows that the field has. */
  count: number;
  fetch: FetchFrames;
  decoder: FrameDecoder;
  cache: FrameCache;
  /** Pixels to which the longer side of a large picture is shrunk; part of the name of the series, if given. */
  side?: number;
  /** Called when frames came or a request failed. */
  onchange: () => void;
  /** Milliseconds; for tests. */
  now?: () => number;
}

/** Steps to have decoded ahead, and to ask for at once: little, because many screens share one cache. */
const AHEAD = 16;
const CHUNK = 32;
const RETRY_MS = 1500;
/** A slow answer says little about the next. */
const LATENCY_MS_MAX = 4000;

/**
 * The pictures of one small screen among many, whose clock does not wait for it. One request at a time, which nothing but closing cancels:
 * on a machine that cannot keep up each screen then still gets a picture now and then, where requests that the playhead overtakes and
 * cancels would leave it empty for ever. What is late is asked for where the playhead will be by then.
 *
 * (`FrameSource` is for the one large picture: it hurries, and it cancels what scrubbing has left behind.)
 */
export class ScreenFrames {
  /** Why the last request failed, until one succeeds. */
  error: Error | null = null;
  readonly #options: ScreenFramesOptions;
  readonly #now: () => number;
  readonly #absent = new Set<number>();
  #flight: AbortController | null = null;
  #count: number;
  #latencyMs = 0;
  #newest: number | null = null;
  #failedAt = -Infinity;
  #closed = false;

  constructor(options: ScreenFramesOptions) {
    this.#options = options;
    this.#count = options.count;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The decoded frame of `step`, or null while it is not there. */
  get(step: number): FrameHit | null {
    return this.#options.cache.get(this.#options.series, step);
  }

  /** The frame nearest to `step` of the group that came last: what a screen shows that is late. */
  late(step: number): FrameHit | null {
    if (this.#newest === null) return null;
    const hit = this.get(this.#newest);
    return hit && { ...hit, row: Math.min(hit.group.count - 1, Math.max(0, step - hit.first)) };
  }

  /** Whether the server said that `step` has no frame. */
  isAbsent(step: number): boolean {
    return this.#absent.has(step);
  }

  /** Says where the playhead is, and how many steps it goes a second. Cheap to call on every frame of the screen. */
  want(step: number, rate: number): void {
    if (this.#closed || this.#flight || step >= this.#count) return;
    if (this.#now() - this.#failedAt < RETRY_MS) return;
    const { cache, series } = this.#options;
    const next = cache.firstMissing(series, step, 1);
    if (next - step > AHEAD || next >= this.#count || this.#absent.has(next)) return;
    const isLate = next === step && rate > 0 && this.#newest !== null;
    const lead = isLate ? Math.ceil((rate * this.#latencyMs) / 1000) : 0;
    const from = Math.min(this.#count - 1, next + lead);
    void this.#fly(from, rate > 0 ? Math.min(this.#count, from + CHUNK) : from + 1);
  }

  /** A live episode grew: there are `count` rows now, and steps that had no frame may have one. */
  grow(count: number): void {
    if (count <= this.#count) return;
    this.#count = count;
    this.#absent.clear();
  }

  /** Cancels what is under way; the cache keeps what came. */
  close(): void {
    this.#closed = true;
    this.#flight?.abort();
  }

  async #fly(from: number, to: number): Promise<void> {
    const { fetch, decoder, cache, series, side, onchange } = this.#options;
    const flight = new AbortController();
    const began = this.#now();
    this.#flight = flight;
    try {
      const bytes = await fetch(from, to, flight.signal);
      await decoder.groups(
        bytes,
        (first, group) => {
          cache.put(series, first, group);
          this.#newest = first;
          onchange();
        },
        flight.signal,
        side,
      );
      for (let step = from; step < to; step++) if (!cache.has(series, step)) this.#absent.add(step);
      this.#latencyMs = Math.min(LATENCY_MS_MAX, this.#now() - began);
      this.error = null;
    } catch (error) {
      if (flight.signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.#failedAt = this.#now();
    }
    this.#flight = null;
    onchange();
  }
}
