/** Multiples of the frame rate that people choose from. */
export const SPEEDS = [1 / 4, 1 / 2, 1, 2, 4, 8] as const;

/** The next of `SPEEDS` up (+1) or down (−1). */
export function nextSpeed(speed: number, by: 1 | -1): number {
  const next = by > 0 ? SPEEDS.find((known) => known > speed) : SPEEDS.findLast((known) => known < speed);
  return next ?? (by > 0 ? SPEEDS[SPEEDS.length - 1]! : SPEEDS[0]);
}

/** A stretch of steps, both ends included. */
export interface LoopRange {
  from: number;
  to: number;
}

/** What one tick did. */
export interface Tick {
  /** The step to show. */
  step: number;
  /** It is not the step shown before. */
  moved: boolean;
}

/** A page that slept is not made to catch up: no tick counts for more than this. */
const TICK_MS_MAX = 250;

/**
 * Moves the playhead in wall time. It knows no browser: the caller brings the time, in milliseconds, from
 * `requestAnimationFrame` or a test. It never slows down to show every step; steps passed over because a tick came
 * late are counted in `dropped`.
 */
export class Clock {
  /** The step shown, from 0. */
  step = 0;
  playing = false;
  direction: 1 | -1 = 1;
  /** Where playing turns around to, or null to stop at the end. */
  loop: LoopRange | null = null;
  /** Steps that should have been shown while playing and were not. */
  dropped = 0;
  /** Steps shown while playing. */
  shown = 0;
  /** Position in steps; half a step in, so that ticks which are early or late by less than half a step do not matter. */
  private position = 0.5;
  private last: number | null = null;

  /**
   * @param count steps that there are
   * @param fps natural steps a second
   * @param displayHz pictures a second that the screen shows; faster playing leaves out steps on purpose
   */
  constructor(
    public count: number,
    public fps: number,
    public speed: number = 1,
    private readonly displayHz: number = 60,
  ) {}

  /** Steps a second. */
  get rate(): number {
    return this.fps * this.speed;
  }

  /** The last step. */
  get end(): number {
    return Math.max(0, this.count - 1);
  }

  /** Starts: in the loop, and from the other end when there is nothing left to play. */
  play(): void {
    if (this.count === 0) return;
    const { loop } = this;
    if (loop && (this.step < loop.from || this.step > loop.to)) {
      this.jump(this.direction > 0 ? loop.from : loop.to);
    }
    const { from, to } = this.range();
    if (this.direction > 0 && this.step >= to) this.jump(from);
    else if (this.direction < 0 && this.step <= from) this.jump(to);
    this.playing = true;
    this.last = null;
  }

  pause(): void {
    this.playing = false;
    this.last = null;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Goes to a step, cut to those that exist; playing goes on from there. */
  seek(step: number): void {
    if (Number.isNaN(step)) return;
    this.jump(Math.min(this.end, Math.max(0, Math.round(step))));
    this.last = null;
  }

  /** Moves by `steps` and pauses. */
  nudge(steps: number): void {
    this.pause();
    this.seek(this.step + steps);
  }

  /** Which way to play; while playing it goes on that way. */
  turn(direction: 1 | -1): void {
    if (direction === this.direction) return;
    this.direction = direction;
    this.position = this.step + 0.5;
  }

  /** The picture of the step is not there yet: time up to `now` does not count. */
  hold(now: number): void {
    this.last = now;
    this.position = this.step + 0.5;
  }

  /** An episode grew or another was opened. */
  resize(count: number): void {
    this.count = count;
    if (this.loop && this.loop.to > this.end) this.loop = null;
    if (this.step > this.end) this.jump(this.end);
  }

  /** Lets time pass until `now`. */
  tick(now: number): Tick {
    if (!this.playing) return { step: this.step, moved: false };
    const elapsed = this.last === null ? 0 : Math.min(TICK_MS_MAX, Math.max(0, now - this.last));
    this.last = now;
    const before = this.step;
    const { from, to } = this.range();
    const length = to - from + 1;
    this.position += (elapsed / 1000) * this.rate * this.direction;
    let advance = Math.abs(Math.floor(this.position) - before);

    if (this.position >= to + 1 || this.position < from) {
      if (this.loop) {
        this.position = from + ((((this.position - from) % length) + length) % length);
      } else {
        this.jump(this.direction > 0 ? to : from);
        advance = Math.abs(this.step - before);
        this.pause();
      }
    }
    this.step = Math.min(to, Math.max(from, Math.floor(this.position)));
    const moved = this.step !== before;
    if (moved) {
      this.shown += 1;
      this.dropped += Math.max(0, advance - Math.max(1, Math.ceil(this.rate / this.displayHz - 1e-6)));
    }
    return { step: this.step, moved };
  }

  /** Where playing goes: the loop while the playhead is in it, else everything. */
  private range(): LoopRange {
    const { loop } = this;
    return loop && this.step >= loop.from && this.step <= loop.to ? loop : { from: 0, to: this.end };
  }

  private jump(step: number): void {
    this.step = step;
    this.position = step + 0.5;
  }
}
