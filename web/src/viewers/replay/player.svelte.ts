import { Clock } from '../../replay/clock';
import { loopWithin, type PlaySpec } from './play_spec';

/** Numbers change at most this often while playing: faster, nobody reads them. */
const READOUT_MS = 1000 / 15;
/** When the environment does not say how fast to watch it. */
export const FPS_DEFAULT = 30;

/** Draws what belongs to a step; called at most once a picture of the screen. */
export type Draw = (step: number) => void;

/** The clock on the screen: one `requestAnimationFrame` loop, asleep unless something moves or arrives. */
export class Player {
  /** The step shown; changes up to 60 times a second. */
  step = $state(0);
  /** The step whose numbers are shown: `step`, but calmer. */
  readout = $state(0);
  /** The step under the pointer, or null. */
  hover = $state<number | null>(null);
  playing = $state(false);
  speed = $state(1);
  fps = $state(FPS_DEFAULT);
  direction = $state<1 | -1>(1);
  /** Stretch that is repeated, both ends included; null when playing stops at the end. */
  loop = $state.raw<[number, number] | null>(null);
  dropped = $state(0);
  /** Ticks on which the picture was not there yet. */
  waited = $state(0);
  dragging = $state(false);
  count = $state(0);

  /** Whether all that the step shows is there; playing waits for it. */
  isReady: (step: number) => boolean = () => true;
  /** Asks for another way of playing, which comes back by `configure`. */
  change: (change: Partial<PlaySpec>) => void = () => undefined;
  /** Told of every step that the reader or the clock goes to. */
  onstep: (step: number) => void = () => undefined;

  readonly #clock = new Clock(0, FPS_DEFAULT);
  readonly #draws = new Set<Draw>();
  #raf = 0;
  #spec: PlaySpec | null = null;
  #readoutAt = -Infinity;
  #resume = false;

  /** The last step. */
  readonly end = $derived(Math.max(0, this.count - 1));

  /** The step shown, for code that must not run again when it changes. */
  get shownStep(): number {
    return this.#clock.step;
  }

  get rate(): number {
    return this.playing ? this.fps * this.speed : 0;
  }

  /** The episode has `count` steps now. */
  resize(count: number): void {
    this.#clock.resize(count);
    this.count = count;
    this.#loop();
    this.#changed();
  }

  /** Plays as `spec` says; `natural` is the environment's own number of steps a second. */
  configure(spec: PlaySpec, natural: number): void {
    const clock = this.#clock;
    clock.fps = this.fps = spec.fps ?? natural;
    clock.speed = spec.speed;
    clock.turn(spec.direction);
    this.#spec = spec;
    this.#loop();
    this.#changed();
  }

  play(): void {
    this.#clock.play();
    this.#changed();
  }

  /** Adds something to draw; the function returned takes it away. */
  onframe(draw: Draw): () => void {
    this.#draws.add(draw);
    this.wake();
    return () => this.#draws.delete(draw);
  }

  /** Draws with the next picture of the screen. */
  wake(): void {
    if (this.#raf === 0) this.#raf = requestAnimationFrame((now) => this.#frame(now));
  }

  /** Plays or pauses; `direction` turns around first. */
  toggle(direction = this.#clock.direction): void {
    const turned = direction !== this.#clock.direction;
    if (turned) {
      this.#clock.turn(direction);
      this.change({ direction });
    }
    if (turned && this.#clock.playing) return;
    this.#clock.toggle();
    this.#changed();
  }

  pause(): void {
    this.#clock.pause();
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
    if (dragging && !this.dragging) {
      this.#resume = this.#clock.playing;
      this.#clock.pause();
    }
    this.#clock.seek(step);
    if (!dragging && this.dragging && this.#resume) this.#clock.play();
    this.dragging = dragging;
    this.#changed();
  }

  destroy(): void {
    cancelAnimationFrame(this.#raf);
    this.#draws.clear();
  }

  #loop(): void {
    const loop = this.#spec && loopWithin(this.#spec.loop, this.#clock.end);
    this.#clock.loop = loop && { from: loop[0], to: loop[1] };
  }

  #frame(now: number): void {
    this.#raf = 0;
    const clock = this.#clock;
    if (clock.playing) {
      if (this.isReady(clock.step)) clock.tick(now);
      else {
        clock.hold(now);
        this.waited += 1;
      }
    }
    this.#show(now);
    for (const draw of this.#draws) draw(clock.step);
    if (clock.playing) this.wake();
  }

  /** Brings what the page reads up to the clock. */
  #show(now = performance.now()): void {
    const clock = this.#clock;
    const moved = clock.step !== this.step;
    this.step = clock.step;
    this.playing = clock.playing;
    this.speed = clock.speed;
    this.direction = clock.direction;
    this.dropped = clock.dropped;
    if (this.loop?.[0] !== clock.loop?.from || this.loop?.[1] !== clock.loop?.to) {
      this.loop = clock.loop && [clock.loop.from, clock.loop.to];
    }
    if (!clock.playing || now - this.#readoutAt >= READOUT_MS) {
      this.readout = clock.step;
      this.#readoutAt = now;
    }
    if (moved) this.onstep(clock.step);
  }

  #changed(): void {
    this.#show();
    this.wake();
  }
}
