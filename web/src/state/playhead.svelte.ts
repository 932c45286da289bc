import type { Router } from './router.svelte';

/** A moment, or part of one. Members left out stay as they are; null clears. */
export interface Moment {
  run?: string | null;
  episode?: number | null;
  step?: number;
  /** The scalar that is explained, for example `action` or `value`. */
  target?: string | null;
  /** Global step of the checkpoint that explains. */
  checkpoint?: number | null;
  /** A layer of the network, or one unit of it. */
  layer?: string | null;
}

/**
 * The moment in view: run, episode and step, with what is explained there. Every viewer reads and writes this one,
 * and it is always in the address.
 *
 * Another run or episode is a new entry in the history; a step is not.
 */
export class Playhead {
  readonly #router: Router;

  constructor(router: Router) {
    this.#router = router;
  }

  /** Id of the run, null when none was chosen. */
  get run(): string | null {
    return this.#router.param('run') || null;
  }

  get episode(): number | null {
    return natural(this.#router.param('episode'));
  }

  /** Index in the episode, from 0; never negative. It may lie beyond the episode when the address says so. */
  get step(): number {
    return natural(this.#router.param('step')) ?? 0;
  }

  get target(): string | null {
    return this.#router.param('target') || null;
  }

  get checkpoint(): number | null {
    return natural(this.#router.param('checkpoint'));
  }

  get layer(): string | null {
    return this.#router.param('layer') || null;
  }

  /** Moves within the page that is shown. */
  move(moment: Moment): void {
    const patch = this.#patch(moment);
    const elsewhere = ['run', 'episode'].some(
      (name) => name in patch && patch[name] !== this.#router.param(name),
    );
    this.#router.set(patch, elsewhere ? 'push' : 'replace');
  }

  /** Moves and opens a page there. */
  open(page: string, moment: Moment): void {
    this.#router.go(page, this.#patch(moment));
  }

  /** The address of a moment on a page, for links. */
  href(page: string, moment: Moment): string {
    return this.#router.href(page, this.#patch(moment));
  }

  #patch(moment: Moment): Record<string, string | null> {
    const patch: Record<string, string | null> = {};
    // Another run has other episodes, another episode other steps: what is not said then starts afresh.
    if (moment.run !== undefined) {
      patch.run = moment.run || null;
      if (patch.run !== this.#router.param('run')) {
        patch.episode = patch.step = patch.checkpoint = patch.layer = null;
      }
    }
    if (moment.episode !== undefined) {
      patch.episode = text(moment.episode);
      if (patch.episode !== this.#router.param('episode')) patch.step = null;
    }
    if (moment.step !== undefined) patch.step = moment.step > 0 ? text(moment.step) : null;
    if (moment.target !== undefined) patch.target = moment.target || null;
    if (moment.checkpoint !== undefined) patch.checkpoint = text(moment.checkpoint);
    if (moment.layer !== undefined) patch.layer = moment.layer || null;
    return patch;
  }
}

function text(value: number | null): string | null {
  return value === null || !Number.isFinite(value) ? null : String(Math.max(0, Math.round(value)));
}

function natural(value: string | null): number | null {
  if (value === null || !/^\d{1,15}$/.test(value)) return null;
  return Number(value);
}
