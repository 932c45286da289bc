import type { App } from '../../../state/app.svelte';
import type { Session } from '../session.svelte';
import { placeOf } from '../why/stage_overlay';
import type { Why } from '../why/why.svelte';
import type { FeaturesLayer } from './features_layer.svelte';
import { patchOfLayer } from './layer_spec';

/** Switches the layer of features on and off. The moment stays; over pictures the picture changes to what the policy received. */
export class FeaturesToggle {
  /** It was just switched on, and may need another picture to lie over. */
  #isFresh = $state(false);
  #imageBefore: string | null = null;

  constructor(
    private readonly app: App,
    private readonly session: Session,
    private readonly why: Why,
    private readonly layer: FeaturesLayer,
  ) {}

  press(): void {
    const { router } = this.app;
    const { spec } = this.layer;
    const image = router.param('image');
    this.#isFresh = !spec.on;
    if (!spec.on) this.#imageBefore = image;
    router.set({
      ...patchOfLayer({ on: !spec.on }, spec),
      // What was switched on last is what people want to see.
      over: spec.on ? null : 'features',
      image: spec.on ? this.#imageBefore : image,
    });
  }

  /** Call it in an effect. */
  settle(): void {
    const { choices } = this.why;
    if (!this.#isFresh || !choices) return;
    this.#isFresh = false;
    const { router } = this.app;
    const { pictures } = this.session;
    const field = pictures.find(({ name }) => name === router.param('image')) ?? pictures[0];
    const network = choices.checkpoints.find(
      ({ global_step }) => global_step === this.layer.what?.checkpoint,
    );
    const place = field && placeOf(choices, network, (name) => this.session.field(name), field, 'colour');
    if (!place && pictures.some(({ name }) => name === choices.observation)) {
      router.set({ image: choices.observation });
    }
  }
}
