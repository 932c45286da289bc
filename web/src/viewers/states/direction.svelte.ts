import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../../api/client';
import type { NamedSet } from './sets';

/** Where points lie between the means of two sets, in the original space. Each pair of sets of a map is asked for once. */
export class Directions {
  readonly #client: Client;
  readonly #known = new SvelteMap<string, Float32Array | Error>();
  readonly #asked = new Set<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** One number a point, an error, or undefined before it is known. Call [`want`] to make it known. */
  get(map: string, from: NamedSet, to: NamedSet): Float32Array | Error | undefined {
    return this.#known.get(keyOf(map, from, to));
  }

  want(map: string, from: NamedSet, to: NamedSet): void {
    const key = keyOf(map, from, to);
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    this.#client.maps.direction(map, [...from.points], [...to.points]).then(
      (along) => this.#known.set(key, along),
      (error: unknown) => this.#known.set(key, error instanceof Error ? error : new Error(String(error))),
    );
  }
}

/** Sets are known by what is in them: one may be renamed, or enclosed anew under its name. */
function keyOf(map: string, from: NamedSet, to: NamedSet): string {
  const mark = ({ points }: NamedSet) =>
    points.reduce((hash, point) => Math.imul(hash ^ point, 0x01000193) >>> 0, 0x811c9dc5);
  return `${map}/${from.points.length}.${mark(from)}/${to.points.length}.${mark(to)}`;
}
