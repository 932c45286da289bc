import { columnNamed, decodeColumns } from './columns';
import {
  mapChoicesOf,
  mapLayoutOf,
  mapMethodsOf,
  mapPicturesOf,
  mapPointsOf,
  type MapChoices,
  type MapFields,
  type MapLayout,
  type MapMethod,
  type MapNeighbours,
  type MapPictures,
  type MapPoints,
  type MapRequest,
  type MapSource,
  type Steered,
} from './maps';
import { readParts } from './parts';
import type { Source } from './source';

/** Maps of states (`docs/http.md`, "Maps"): made as they are looked at, and asked again by their ids. */
export class MapsClient {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * Lays steps out in two or three dimensions. `onpoints` hears once which steps they are, `onlayout` where they lie, as often as that
   * changes. Aborting `signal` ends the work on the server too; the map stays for fields and neighbours.
   */
  async lay(
    request: MapRequest,
    onpoints: (points: MapPoints) => void,
    onlayout: (layout: MapLayout) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await readParts(await this.#source.stream('/api/maps', { body: request, signal }), (part) => {
      if (part.header.part === 'points') onpoints(mapPointsOf(part));
      else onlayout(mapLayoutOf(part));
    });
  }

  /** Holds a layout, lets it go on, or shakes it. */
  steer(map: string, steer: { pause?: boolean; perturb?: number; seed?: number }): Promise<Steered> {
    return this.#source.json(`${mapAt(map)}/steer`, { body: steer });
  }

  /** Values of fields at the points of a map, in their order. */
  async fields(map: string, names: readonly string[], signal?: AbortSignal): Promise<MapFields> {
    const query = new URLSearchParams(names.map((name) => ['name', name])).toString();
    const columns = decodeColumns(await this.#source.bytes(`${mapAt(map)}/fields?${query}`, { signal }));
    return {
      columns,
      errors: (columns.header.errors ?? {}) as MapFields['errors'],
      names: (columns.header.names ?? {}) as MapFields['names'],
    };
  }

  /** The points nearest to one in the original space. */
  async neighbours(
    map: string,
    query: { point: number; count: number; metric: string },
    signal?: AbortSignal,
  ): Promise<MapNeighbours> {
    const { point, count, metric } = query;
    const asked = new URLSearchParams({ point: `${point}`, count: `${count}`, metric }).toString();
    const columns = decodeColumns(await this.#source.bytes(`${mapAt(map)}/neighbors?${asked}`, { signal }));
    return {
      point: columnNamed(columns, 'point').data as Uint32Array,
      distance: columnNamed(columns, 'distance').data as Float32Array,
    };
  }

  /** Where each point lies along the line from the mean of some points (0) to the mean of others (1), in the original space. */
  async direction(
    map: string,
    from: readonly number[],
    to: readonly number[],
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const body = { from, to };
    const columns = decodeColumns(await this.#source.bytes(`${mapAt(map)}/direction`, { body, signal }));
    return columnNamed(columns, 'along').data as Float32Array;
  }

  /** What was seen at points, at most `side` pixels wide and high, whatever episodes and samples they are of. Throws `ApiError`. */
  async pictures(
    map: string,
    query: { points: readonly number[]; side: number },
    signal?: AbortSignal,
  ): Promise<MapPictures> {
    return mapPicturesOf(
      decodeColumns(await this.#source.bytes(`${mapAt(map)}/pictures`, { body: query, signal })),
    );
  }

  async methods(signal?: AbortSignal): Promise<MapMethod[]> {
    return mapMethodsOf(await this.#source.json('/api/maps/methods', { signal }));
  }

  /** What some sources can be mapped by and coloured by. */
  async choices(sources: readonly MapSource[], signal?: AbortSignal): Promise<MapChoices> {
    return mapChoicesOf(await this.#source.json('/api/maps/choices', { body: { sources }, signal }));
  }
}

function mapAt(map: string): string {
  return `/api/maps/${encodeURIComponent(map)}`;
}
