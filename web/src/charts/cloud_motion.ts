import { extentOf, type Extent } from './cloud_camera';
import { blend, canMove, type CloudPlaces } from './cloud_points';

const MOVE_MS = 600;
const NOTHING: CloudPlaces = { x: new Float32Array(0), y: new Float32Array(0), z: null };

/** Where the points of a cloud are, and where they are going: they move from layout to layout. */
export class CloudMotion {
  /** Where they are now. */
  now = NOTHING;
  /** The box around where they are going. */
  extent: Extent = extentOf([]);
  /** Grows when places were changed where they are. */
  version = 0;
  #to = NOTHING;
  #from: CloudPlaces | null = null;
  #startedAt = 0;

  /** Places that the points have, or are going to have. */
  get places(): CloudPlaces {
    return this.#to;
  }

  get moving(): boolean {
    return this.#from !== null;
  }

  /** Takes new places. With `moves`, points that were there move to theirs, unless the reader wants less motion. */
  show(places: CloudPlaces, moves: boolean): void {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (moves && !calm && canMove(this.now, places)) {
      this.#from = { x: this.now.x.slice(), y: this.now.y.slice(), z: this.now.z?.slice() ?? null };
      this.now = { x: places.x.slice(), y: places.y.slice(), z: places.z?.slice() ?? null };
      this.#startedAt = performance.now();
    } else {
      this.#from = null;
      this.now = places;
    }
    this.#to = places;
    this.extent = extentOf([places.x, places.y, places.z]);
  }

  /** Moves the points on their way. */
  advance(time: number): void {
    const [from, to] = [this.#from, this.#to];
    if (!from) return;
    const part = Math.min(1, (time - this.#startedAt) / MOVE_MS);
    const eased = part * part * (3 - 2 * part);
    blend(from.x, to.x, eased, this.now.x);
    blend(from.y, to.y, eased, this.now.y);
    if (from.z && to.z && this.now.z) blend(from.z, to.z, eased, this.now.z);
    this.version += 1;
    if (part < 1) return;
    this.#from = null;
    this.now = to;
  }
}
