import type { Client } from '../../api/client';
import type { MapPoints } from '../../api/maps';
import { Kept } from '../../replay/kept';
import { Lanes } from '../../replay/lanes';
import { borrowFramePool } from '../../replay/screen_pool';
import { stepPictures } from '../../replay/step_pictures';
import type { Thumbnail } from '../../workers/frame_paint';
import { sameSteps } from './map_session.svelte';

/** Longer side of a picture on the map, CSS pixels. */
export const PICTURE_PX = 48;
/** Pictures that are kept: several screens full. */
const KEPT_MAX = 2000;
/** Episodes that are read at once. */
const LANES = 4;
const NONE = 'none';

/** A step of an episode. */
interface Step {
  run: string;
  episode: number;
  step: number;
}

/** What was seen at points of the map, read episode by episode and kept for as long as there is room. */
export class PointPictures {
  /** Counts arrivals: who draws follows it. */
  arrivals = $state(0);
  /** No picture was logged of some point that was asked for. */
  lacking = $state(false);
  /** Points that still wait for theirs. */
  waiting = $state(0);
  error = $state.raw<unknown>(null);
  #kept = new Kept<number, HTMLCanvasElement | typeof NONE>(KEPT_MAX);
  #points: MapPoints | null = null;
  #wanted: readonly number[] = [];
  #reading: AbortController | null = null;

  /** `stepOf` says which step a point is; null for one that is of no episode, which has no picture. */
  constructor(
    private readonly client: Client,
    private readonly stepOf: (point: number) => Step | null,
  ) {}

  /** The picture of a point; null where none was logged, undefined while it is not here. */
  get(point: number): HTMLCanvasElement | null | undefined {
    const known = this.#kept.get(point);
    return known === NONE ? null : known;
  }

  /** Makes sure that pictures of these points of a map come; those that were wanted before no longer are. */
  want(points: MapPoints, wanted: readonly number[]): void {
    if (this.#points?.id !== points.id) {
      const same = this.#points !== null && sameSteps(this.#points, points);
      this.#points = points;
      if (!same) this.#forget();
    }
    this.#wanted = wanted;
    this.again();
  }

  /** Asks for those that are not here, also after an error. */
  again(): void {
    this.error = null;
    if (this.#reading) this.#count();
    else this.#begin();
  }

  #forget(): void {
    this.#reading?.abort();
    this.#reading = null;
    this.#kept = new Kept(KEPT_MAX);
    this.lacking = false;
    this.arrivals += 1;
  }

  #left(): number[] {
    return this.#wanted.filter((point) => this.#kept.get(point) === undefined);
  }

  #count(): void {
    this.waiting = this.#left().length;
  }

  /** One round at a time: whoever moves the map quickly is read what is in view when the round is over. */
  #begin(): void {
    const left = this.#left();
    this.waiting = left.length;
    if (left.length === 0) return;
    const episodes = new Map<string, { run: string; episode: number; points: Map<number, number> }>();
    for (const point of left) {
      const step = this.stepOf(point);
      if (!step) {
        this.#keep(point, null);
        continue;
      }
      const key = `${step.run}/${step.episode}`;
      const known = episodes.get(key);
      // Of two points that are one step, as two sources may have it, the second is read in the next round.
      if (known) known.points.set(step.step, known.points.get(step.step) ?? point);
      else episodes.set(key, { ...step, points: new Map([[step.step, point]]) });
    }
    this.arrivals += 1;
    this.#count();
    if (episodes.size > 0) void this.#read([...episodes.values()]);
  }

  async #read(
    episodes: readonly { run: string; episode: number; points: Map<number, number> }[],
  ): Promise<void> {
    const { signal } = (this.#reading = new AbortController());
    const [pool, giveBack] = borrowFramePool();
    const lanes = new Lanes(LANES);
    const side = Math.ceil(PICTURE_PX * Math.min(4, window.devicePixelRatio || 1));
    const one = async ({ run, episode, points }: (typeof episodes)[number]) => {
      // Nobody looks there any more.
      const steps = [...points].flatMap(([step, point]) => (this.#wanted.includes(point) ? step : []));
      if (steps.length === 0) return;
      const keep = (step: number, picture: Thumbnail | null) => {
        if (!signal.aborted) this.#keep(points.get(step)!, picture);
      };
      await stepPictures(this.client, pool.decoder, { run, episode, steps }, side, keep, signal);
      if (signal.aborted) return;
      this.arrivals += 1;
      this.#count();
    };
    const done = await Promise.allSettled(episodes.map((each) => lanes.run(() => one(each), signal)));
    giveBack();
    if (signal.aborted) return;
    this.#reading = null;
    const failed = done.find((each) => each.status === 'rejected');
    if (failed) this.error = failed.reason;
    else this.#begin();
  }

  #keep(point: number, picture: Thumbnail | null): void {
    if (!picture) this.lacking = true;
    this.#kept.put(point, picture ? canvasOf(picture) : NONE);
  }
}

function canvasOf({ width, height, rgba }: Thumbnail): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  new Uint32Array(image.data.buffer).set(rgba);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
