import type { App } from '../../../state/app.svelte';
import { Ground } from '../ground.svelte';
import type { Session } from '../session.svelte';
import type { Why } from './why.svelte';
import { parseWhy, patchOfWhy } from './why_spec';

/** Switches the overlay on and off: where the policy looked, laid over what it received. */
export class WhyToggle {
  readonly #ground: Ground;

  constructor(
    private readonly app: App,
    session: Session,
    private readonly why: Why,
  ) {
    this.#ground = new Ground(app, session, why);
  }

  press(): void {
    const now = this.#spec();
    this.app.router.set({
      ...patchOfWhy({ on: !now.on }, now),
      over: null,
      image: this.#ground.switched(!now.on),
    });
  }

  /** Call it in an effect. */
  settle(): void {
    this.#ground.settle(() => this.why.network(this.#spec()));
  }

  #spec() {
    return parseWhy((name) => this.app.router.param(name));
  }
}
