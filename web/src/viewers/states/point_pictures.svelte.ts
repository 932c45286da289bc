import type { Client } from '../../api/client';
import type { MapPicture, MapPoints } from '../../api/maps';
import { ApiError } from '../../api/source';
import { Kept } from '../../replay/kept';
import { sameSteps } from './map_session.svelte';

/** Longer side of a picture on the map, CSS pixels. */
export const PICTURE_PX = 48;
/** Pictures that are kept: several screens full. */
const KEPT_MAX = 2000;
/** Points of one question: a screen full is a few, so that the first are soon there. */
const LOT = 64;
const NONE = 'none';

/** What was seen at points of the map, asked for many points at a time and kept for as long as there is room. */
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

  constructor(private readonly client: Client) {}

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

  #begin(): void {
    this.#count();
    if (this.waiting === 0) return;
    const { signal } = (this.#reading = new AbortController());
    this.#read(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.error = error;
      })
      .finally(() => {
        if (!signal.aborted) this.#reading = null;
      });
  }

  /** One question after the other, of what is wanted then: whoever moves the map quickly is read what is in view. */
  async #read(signal: AbortSignal): Promise<void> {
    const side = Math.ceil(PICTURE_PX * Math.min(4, window.devicePixelRatio || 1));
    for (let left = this.#left(); left.length > 0; left = this.#left()) {
      // Points are in the order of their episodes: neighbours among them lie in the same groups of frames.
      const lot = left.toSorted((a, b) => a - b).slice(0, LOT);
      const map = this.#points!.id;
      const { pictures, error } = await this.client.maps.pictures(map, { points: lot, side }, signal);
      if (signal.aborted) return;
      for (const point of lot) {
        const picture = pictures.get(point) ?? null;
        // What could not be read may be asked for again.
        if (picture || !error) this.#keep(point, picture);
      }
      this.arrivals += 1;
      this.#count();
      if (error) throw new ApiError(500, error);
    }
  }

  #keep(point: number, picture: MapPicture | null): void {
    if (!picture) this.lacking = true;
    this.#kept.put(point, picture ? canvasOf(picture) : NONE);
  }
}

function canvasOf(picture: MapPicture): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  paintPicture(canvas, picture);
  return canvas;
}

/** Makes a canvas hold a picture. */
export function paintPicture(canvas: HTMLCanvasElement, { width, height, rgb }: MapPicture): void {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    image.data.set(rgb.subarray(from, from + 3), to);
    image.data[to + 3] = 255;
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}
