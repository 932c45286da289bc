import type { App } from '../../../state/app.svelte';
import type { Session } from '../session.svelte';
import { placeOf } from './stage_overlay';
import type { Why } from './why.svelte';
import { parseWhy, patchOfWhy } from './why_spec';

/** Switches the overlay on and off: where the policy looked, laid over what it received. The moment stays. */
export class WhyToggle {
  /** It was just switched on, and may need another picture to lie over. */
  #isFresh = $state(false);
  /** The picture that was shown before. */
  #imageBefore: string | null = null;

  constructor(
    private readonly app: App,
    private readonly session: Session,
    private readonly why: Why,
  ) {}

  press(): void {
    const { router } = this.app;
    const now = parseWhy((name) => router.param(name));
    const image = router.param('image');
    this.#isFresh = !now.on;
    if (!now.on) this.#imageBefore = image;
    router.set({
      ...patchOfWhy({ on: !now.on }, now),
      over: null,
      image: now.on ? this.#imageBefore : image,
    });
  }

  /** Call it in an effect. A rendered frame stays where the network's signature says which part of it the policy saw. */
  settle(): void {
    const { choices } = this.why;
    if (!this.#isFresh || !choices) return;
    this.#isFresh = false;
    const { router } = this.app;
    const { pictures } = this.session;
    const field = pictures.find(({ name }) => name === router.param('image')) ?? pictures[0];
    const network = this.why.network(parseWhy((name) => router.param(name)));
    const place = field && placeOf(choices, network, (name) => this.session.field(name), field, 'colour');
    if (!place && pictures.some(({ name }) => name === choices.observation)) {
      router.set({ image: choices.observation });
    }
  }
}
