import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../../api/client';
import { doubles } from '../../api/columns';
import type { MapPoints } from '../../api/maps';
import { ApiError } from '../../api/source';
import { sameSteps } from './map_session.svelte';

/** Values of one field at the points of the map. */
export interface PointColumn {
  values: Float64Array;
  /** Names of whole numbers; empty where they have none. */
  names: readonly string[];
}

/** Fields of the points of the map on the screen, each asked for once. What points are by themselves is known at once. */
export class PointFields {
  readonly #client: Client;
  readonly #columns = new SvelteMap<string, PointColumn>();
  readonly #errors = new SvelteMap<string, unknown>();
  readonly #asked = new Set<string>();
  #points: MapPoints | null = null;
  #samples: string | null = null;

  /** `lost` hears of errors that say that the map is gone. */
  constructor(
    client: Client,
    private readonly lost: (error: unknown) => void,
  ) {
    this.#client = client;
  }

  /** Values of a field; undefined before they arrived. */
  get(name: string): PointColumn | undefined {
    return this.#columns.get(name);
  }

  error(name: string): unknown {
    return this.#errors.get(name);
  }

  /** Makes sure that fields of a map arrive. A map of other points, or of other samples, forgets what was known. */
  want(points: MapPoints, names: readonly string[], samples: string | null = null): void {
    if (this.#points?.id !== points.id) {
      const same = this.#samples === samples && this.#points !== null && sameSteps(this.#points, points);
      this.#points = points;
      this.#samples = samples;
      if (!same) {
        this.#columns.clear();
        this.#asked.clear();
      }
      this.#errors.clear();
    }
    const own: Record<string, ArrayLike<number>> = {
      run: points.source,
      episode: points.episode,
      step: points.step,
    };
    const wanted: string[] = [];
    for (const name of names) {
      if (this.#asked.has(name)) continue;
      this.#asked.add(name);
      if (own[name]) this.#columns.set(name, { values: Float64Array.from(own[name]), names: [] });
      else wanted.push(name);
    }
    if (wanted.length > 0) void this.#load(points, wanted);
  }

  async #load(points: MapPoints, names: readonly string[]): Promise<void> {
    try {
      const { columns, errors, names: texts } = await this.#client.maps.fields(points.id, names);
      if (this.#points?.id !== points.id) return;
      for (const name of names) {
        const column = columns.byName.get(name);
        if (column) this.#columns.set(name, { values: doubles(column), names: texts[name] ?? [] });
        else {
          const why = errors[name] ?? { code: 'missing', message: `the server said nothing of ${name}` };
          this.#errors.set(name, new ApiError(422, why));
        }
      }
    } catch (error) {
      if (this.#points?.id !== points.id) return;
      for (const name of names) {
        this.#errors.set(name, error);
        this.#asked.delete(name);
      }
      this.lost(error);
    }
  }
}
