import type { CheckpointChoice } from '../../api/attribution';
import type { App } from '../../state/app.svelte';
import type { Session } from './session.svelte';
import { placeOf } from './why/stage_overlay';
import type { Why } from './why/why.svelte';

/**
 * The picture under what is laid over it: where the one in view does not hold what the policy received, that is shown as long as the layer
 * is on. The moment stays.
 */
export class Ground {
  /** The layer was just switched on, and may need another picture to lie over. */
  #isFresh = $state(false);
  /** The picture that was shown before. */
  #before: string | null = null;

  constructor(
    private readonly app: App,
    private readonly session: Session,
    private readonly why: Why,
  ) {}

  /** The layer is switched: the picture to show, as the address has it. */
  switched(on: boolean): string | null {
    const image = this.app.router.param('image');
    this.#isFresh = on;
    if (on) this.#before = image;
    return on ? image : this.#before;
  }

  /** Call it in an effect. A rendered frame stays where the network's signature says which part of it the policy saw. */
  settle(network: () => CheckpointChoice | undefined): void {
    const { choices } = this.why;
    if (!this.#isFresh || !choices) return;
    this.#isFresh = false;
    const { router } = this.app;
    const { pictures } = this.session;
    const field = pictures.find(({ name }) => name === router.param('image')) ?? pictures[0];
    const place = field && placeOf(choices, network(), (name) => this.session.field(name), field, 'colour');
    if (!place && pictures.some(({ name }) => name === choices.observation)) {
      router.set({ image: choices.observation });
    }
  }
}
