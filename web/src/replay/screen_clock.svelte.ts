import { Clock, nextSpeed } from './clock';
import { PaintTurns, type Draw } from './paint_turns';

/** When the environment does not say how fast to watch it. */
export const FPS_DEFAULT = 30;
/** Numbers beside pictures change at most this often while playing. */
const READOUT_MS = 100;
/** A picture that does not come does not hold the others for longer. */
const HOLD_MS_MAX = 1500;

/**
 * The clock of one small screen, or of many that play together: one `requestAnimationFrame` loop, asleep unless something moves or
 * arrives. Its `step` is that of the longest episode; each screen says which of its own steps stands there.
 */
export class ScreenClock {
  /** Changes up to 60 times a second. */
  step = $state(0);
  /** `step`, but calmer: for numbers. */
  readout = $state(0);
  playing = $state(false);
  speed = $state(1);
  fps = $state(FPS_DEFAULT);
  count = $state(0);
  /** Starts again at the end. */
  loops = $state(true);
  /** The last step. */
  readonly end = $derived(Math.max(0, this.count - 1));

  /** Lets time stand while a picture is on its way. Not for many screens: one of them is always late. */
  readonly #patient: boolean;
  readonly #clock = new Clock(0, FPS_DEFAULT);
  readonly #turns = new PaintTurns();
  readonly #waits = new Set<(step: number) => boolean>();
  #raf = 0;
  #readoutAt = -Infinity;
  #heldSince: number | null = null;
  #resume = false;
  #dragging = false;

  constructor({ patient = true }: { patient?: boolean } = {}) {
    this.#patient = patient;
  }

  /** The step shown, for code that must not run again when it changes. */
  get shownStep(): number {
    return this.#clock.step;
  }

  /** Steps a second; 0 while it stands. */
  get rate(): number {
    return this.#clock.playing ? this.#clock.rate : 0;
  }

  /** Steps that there are, and natural steps a second. */
  resize(count: number, fps: number | null | undefined): void {
    this.#clock.resize(count);
    this.#clock.fps = fps && fps > 0 ? fps : FPS_DEFAULT;
    this.count = count;
    this.fps = this.#clock.fps;
    this.#loop();
    this.#changed();
  }

  /** Adds something to draw; the function returned takes it away. */
  onframe(draw: Draw): () => void {
    const stop = this.#turns.add(draw);
    this.wake();
    return stop;
  }

  /** Lets time stand while `ready` says no of the step shown; the function returned ends that. */
  waitFor(ready: (step: number) => boolean): () => void {
    this.#waits.add(ready);
    return () => this.#waits.delete(ready);
  }

  /** Draws everything with the next picture of the screen. */
  wake(): void {
    this.#turns.request();
    this.#next();
  }

  play(): void {
    this.#clock.play();
    this.#changed();
  }

  pause(): void {
    this.#clock.pause();
    this.#changed();
  }

  toggle(): void {
    this.#clock.toggle();
    this.#changed();
  }

  seek(step: number): void {
    this.#clock.seek(step);
    this.#changed();
  }

  /** Moves by `steps` and stops playing. */
  nudge(steps: number): void {
    this.#clock.nudge(steps);
    this.#changed();
  }

  /** Follows a drag; playing goes on where it ends. */
  scrub(step: number, dragging: boolean): void {
    if (dragging && !this.#dragging) {
      this.#resume = this.#clock.playing;
      this.#clock.pause();
    }
    this.#clock.seek(step);
    if (!dragging && this.#dragging && this.#resume) this.#clock.play();
    this.#dragging = dragging;
    this.#changed();
  }

  setSpeed(speed: number): void {
    if (!(speed > 0)) return;
    this.#clock.speed = speed;
    this.#changed();
  }

  changeSpeed(by: 1 | -1): void {
    this.#clock.speed = nextSpeed(this.#clock.speed, by);
    this.#changed();
  }

  setLoops(loops: boolean): void {
    this.loops = loops;
    this.#loop();
  }

  destroy(): void {
    cancelAnimationFrame(this.#raf);
    this.#raf = -1;
    this.#turns.clear();
    this.#waits.clear();
  }

  #loop(): void {
    this.#clock.loop = this.loops && this.count > 0 ? { from: 0, to: this.end } : null;
  }

  #next(): void {
    if (this.#raf === 0) this.#raf = requestAnimationFrame((now) => this.#frame(now));
  }

  #frame(now: number): void {
    this.#raf = 0;
    const clock = this.#clock;
    const before = clock.step;
    if (clock.playing) {
      if (this.#isHeld(now)) clock.hold(now);
      else clock.tick(now);
    }
    if (clock.step !== before) this.#turns.request();
    this.#show(now);
    const left = this.#turns.serve(clock.step);
    if (clock.playing || left) this.#next();
  }

  #isHeld(now: number): boolean {
    const { step } = this.#clock;
    if (!this.#patient || [...this.#waits].every((ready) => ready(step))) {
      this.#heldSince = null;
      return false;
    }
    this.#heldSince ??= now;
    return now - this.#heldSince < HOLD_MS_MAX;
  }

  /** Brings what the page reads up to the clock. */
  #show(now = performance.now()): void {
    const clock = this.#clock;
    this.step = clock.step;
    this.playing = clock.playing;
    this.speed = clock.speed;
    if (!clock.playing || now - this.#readoutAt >= READOUT_MS) {
      this.readout = clock.step;
      this.#readoutAt = now;
    }
  }

  #changed(): void {
    this.#show();
    this.wake();
  }
}
