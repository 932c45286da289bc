import type { App } from '../../../state/app.svelte';
import { Ground } from '../ground.svelte';
import type { Session } from '../session.svelte';
import type { Why } from '../why/why.svelte';
import type { FeaturesLayer } from './features_layer.svelte';
import { patchOfLayer } from './layer_spec';

/** Switches the layer of features on and off. */
export class FeaturesToggle {
  readonly #ground: Ground;

  constructor(
    private readonly app: App,
    session: Session,
    private readonly why: Why,
    private readonly layer: FeaturesLayer,
  ) {
    this.#ground = new Ground(app, session, why);
  }

  press(): void {
    const { spec } = this.layer;
    this.app.router.set({
      ...patchOfLayer({ on: !spec.on }, spec),
      // What was switched on last is what people want to see.
      over: spec.on ? null : 'features',
      image: this.#ground.switched(!spec.on),
    });
  }

  /** Call it in an effect. */
  settle(): void {
    this.#ground.settle(() =>
      this.why.choices?.checkpoints.find(({ global_step }) => global_step === this.layer.what?.checkpoint),
    );
  }
}
