import { samplesAt, type Plane, type Thumbnail } from '../workers/frame_paint';
import type { FrameCache, FrameHit } from './frame_cache';
import type { FrameDecoder } from './frame_decoder';
import type { PictureSource } from './picture_source';

/** Asks for the encoded groups that cover `from <= step < to` (docs/http.md, "Frame groups"). */
export type FetchFrames = (from: number, to: number, signal: AbortSignal) => Promise<ArrayBuffer>;

/** How a step is wanted, which says what to fetch next. */
export interface Want {
  /** The way the playhead moves. */
  direction: 1 | -1;
  /** Steps a second while playing, 0 while not. */
  rate: number;
}

export interface FrameSourceOptions {
  /** Unique name of run, episode and field. */
  series: string;
  /** Rows that the field has; requests stay below it. */
  count: number;
  fetch: FetchFrames;
  decoder: FrameDecoder;
  cache: FrameCache;
  /** Pixels to which the longer side of a larger picture is shrunk, so that memory stays bounded. */
  side?: number;
  /** Called when frames came or a request failed; another may take its place later. */
  onchange?: () => void;
}

interface Flight {
  from: number;
  to: number;
  controller: AbortController;
}

/** Seconds of playing to have decoded ahead, and its bounds in steps. */
const AHEAD_SECS = 1.5;
const AHEAD_MIN = 32;
const AHEAD_MAX = 512;
/** Steps asked for at once when prefetching. */
const CHUNK = 64;
const FLIGHTS_MAX = 3;
const RETRY_MS = 1000;

/**
 * The pictures of one image field of one episode: what is wanted is fetched, what lies ahead in the playing direction is
 * fetched before it is wanted, and what scrubbing has left behind is cancelled.
 */
export class FrameSource implements PictureSource {
  /** Samples are bytes, drawn as they are. */
  readonly scale = null;
  /** Why the last request failed, until one succeeds. */
  error: Error | null = null;
  /** Called when frames came or a request failed. */
  onchange: () => void;
  private readonly flights: Flight[] = [];
  /** Steps that the server has no frame for. */
  private readonly absent = new Set<number>();
  private readonly thumbnails = new AbortController();
  private count: number;
  private failedAt = -Infinity;
  private closed = false;

  constructor(private readonly options: FrameSourceOptions) {
    this.count = options.count;
    this.onchange = options.onchange ?? (() => undefined);
  }

  /** The decoded frame of `step`, or null while it is not there. */
  get(step: number): FrameHit | null {
    return this.options.cache.get(this.options.series, step);
  }

  /** Whether the server said that `step` has no frame. */
  isAbsent(step: number): boolean {
    return this.absent.has(step);
  }

  /** Says where the playhead is. Cheap to call on every frame of the screen. */
  want(step: number, { direction, rate }: Want): void {
    if (this.closed || this.count === 0) return;
    const ahead = Math.min(AHEAD_MAX, Math.max(AHEAD_MIN, Math.ceil(rate * AHEAD_SECS)));
    const low = direction > 0 ? step : step - ahead;
    const high = direction > 0 ? step + ahead : step;
    for (const flight of [...this.flights]) {
      if (flight.to <= low || flight.from > high) this.cancel(flight);
    }
    if (!this.isHere(step)) {
      // The step itself comes first: prefetching must not stand in its way.
      while (this.flights.length >= FLIGHTS_MAX) this.cancel(this.flights[0]!);
      this.launch(step, step + 1);
      return;
    }
    const next = this.firstMissing(step, direction);
    if (Math.abs(next - step) > ahead || next < 0 || next >= this.count || this.flights.length >= FLIGHTS_MAX)
      return;
    if (direction > 0) this.launch(next, next + CHUNK);
    else this.launch(next - CHUNK + 1, next + 1);
  }

  samples(step: number, view: Plane, x: number, y: number): number[] | null {
    const hit = this.get(step);
    return hit && samplesAt(hit.group, hit.row, view, x, y);
  }

  /** A live episode grew: there are `count` rows now, and steps that had no frame may have one. */
  grow(count: number): void {
    if (count <= this.count) return;
    this.count = count;
    this.absent.clear();
  }

  /** A small picture of `step`, without filling the cache; null when there is none. */
  async thumbnail(step: number, plane: Plane, side: number): Promise<Thumbnail | null> {
    const { signal } = this.thumbnails;
    const bytes = await this.options.fetch(step, step + 1, signal);
    return this.options.decoder.thumbnail(bytes, { step, plane, side }, signal);
  }

  /** Cancels everything; the cache keeps what came. */
  close(): void {
    this.closed = true;
    this.thumbnails.abort();
    for (const flight of [...this.flights]) this.cancel(flight);
  }

  private isHere(step: number): boolean {
    return this.options.cache.has(this.options.series, step) || this.absent.has(step) || this.isFlying(step);
  }

  private isFlying(step: number): boolean {
    return this.flights.some((flight) => flight.from <= step && step < flight.to);
  }

  /** The first step from `step` on that is neither held, nor absent, nor on its way. */
  private firstMissing(step: number, direction: 1 | -1): number {
    let at = step;
    for (;;) {
      at = this.options.cache.firstMissing(this.options.series, at, direction);
      if (at < 0 || at >= this.count) return at;
      const flight = this.flights.find(({ from, to }) => from <= at && at < to);
      if (flight) at = direction > 0 ? flight.to : flight.from - 1;
      else if (this.absent.has(at)) at += direction;
      else return at;
    }
  }

  private launch(from: number, to: number): void {
    if (performance.now() - this.failedAt < RETRY_MS) return;
    const flight = {
      from: Math.max(0, from),
      to: Math.min(this.count, to),
      controller: new AbortController(),
    };
    if (flight.from >= flight.to) return;
    this.flights.push(flight);
    void this.fly(flight);
  }

  private async fly(flight: Flight): Promise<void> {
    const { series, cache, decoder, fetch } = this.options;
    const { signal } = flight.controller;
    try {
      const bytes = await fetch(flight.from, flight.to, signal);
      await decoder.groups(
        bytes,
        (first, group) => {
          cache.put(series, first, group);
          this.onchange();
        },
        signal,
        this.options.side,
      );
      for (let step = flight.from; step < flight.to; step++) {
        if (!cache.has(series, step)) this.absent.add(step);
      }
      this.error = null;
    } catch (error) {
      if (signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.failedAt = performance.now();
    }
    this.land(flight);
    this.onchange();
  }

  private cancel(flight: Flight): void {
    this.land(flight);
    flight.controller.abort();
  }

  private land(flight: Flight): void {
    const at = this.flights.indexOf(flight);
    if (at >= 0) this.flights.splice(at, 1);
  }
}
