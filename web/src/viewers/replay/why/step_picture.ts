import type { TilePicture } from '../../../charts/heat_tile';
import type { FieldEntry } from '../../../api/wire';
import { isPicture, paintView, sizeOf, type View } from '../../../replay/picture';
import type { Player } from '../player.svelte';
import type { Session } from '../session.svelte';

/** The observation of the step whose numbers are shown, as a picture that can be painted anywhere. */
export class StepPicture {
  readonly #session: Session;
  readonly #player: Player;

  constructor(session: Session, player: Player) {
    this.#session = session;
    this.#player = player;
  }

  /** Keeps asking for pictures of this field; the function returned stops it. */
  follow(field: FieldEntry): () => void {
    const source = this.#session.picture(field);
    return this.#player.onframe((step) =>
      source.want(step, { direction: this.#player.direction, rate: this.#player.rate }),
    );
  }

  /** The picture of a step; null while it is not there, or where the field is none. */
  at(field: FieldEntry | undefined, step: number, view: View): TilePicture | null {
    if (!field || !isPicture(field)) return null;
    const hit = this.#session.picture(field).get(step);
    if (!hit) return null;
    const { width, height } = sizeOf(hit.group, view);
    const pixels = new Uint32Array(width * height);
    paintView(hit, view, pixels);
    return { width, height, pixels };
  }
}
