/** Something that can be drawn later. */
export interface Drawable {
  /** About how many points it draws. */
  readonly cost: number;
  draw(): void;
}

const COST_MIN = 10_000;
const COST_MAX = 400_000;
/** A frame that took longer was too full, one that took less had room. */
const SLOW_MS = 24;
const QUICK_MS = 18;

/**
 * Spreads the drawing of many charts over frames, so that a page of them follows the pointer: in each frame as many are drawn as the
 * last ones had time for, at least one, and first the one that the pointer is on.
 */
export class DrawQueue {
  readonly #waiting = new Set<Drawable>();
  readonly #nextFrame: (draw: (now: number) => void) => void;
  #first: Drawable | null = null;
  #scheduled = false;
  #room = 60_000;
  #drewAt = -Infinity;

  constructor(nextFrame: (draw: (now: number) => void) => void = (draw) => void requestAnimationFrame(draw)) {
    this.#nextFrame = nextFrame;
  }

  /** Draws `one` in this frame or one of the next. */
  request(one: Drawable): void {
    this.#waiting.add(one);
    this.#schedule();
  }

  /** What is drawn before all others when it asks. */
  lead(one: Drawable | null): void {
    this.#first = one;
  }

  /** Forgets it. */
  cancel(one: Drawable): void {
    this.#waiting.delete(one);
    if (this.#first === one) this.#first = null;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#nextFrame((now) => {
      this.#scheduled = false;
      this.#frame(now);
    });
  }

  #frame(now: number): void {
    const took = now - this.#drewAt;
    // What is drawn is put on the screen after this function, so only the distance of frames tells how long it takes.
    if (took > SLOW_MS && took < 500) this.#room = Math.max(COST_MIN, this.#room * 0.7);
    else if (took < QUICK_MS) this.#room = Math.min(COST_MAX, this.#room * 1.2);
    this.#drewAt = now;
    let left = this.#room;
    for (const one of this.#ordered()) {
      if (left < this.#room && one.cost > left) continue;
      this.#waiting.delete(one);
      left -= Math.max(1, one.cost);
      one.draw();
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  #ordered(): Drawable[] {
    const all = [...this.#waiting];
    const first = this.#first;
    return first && this.#waiting.has(first) ? [first, ...all.filter((one) => one !== first)] : all;
  }
}

/** Of this window: all its charts share one. */
export const drawQueue = new DrawQueue();
