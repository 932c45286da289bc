import { decodeColumns } from './columns';
import { histogramsOf, type Histograms } from './histograms';
import {
  arrayPictureOf,
  arrayStripOf,
  networkArraysOf,
  type ArrayPicture,
  type ArrayStrip,
  type NetworkArrays,
} from './network';
import { at, search } from './paths';
import type { Source } from './source';

/** Arrays of a run's networks through training (`docs/http.md`, "Network"). */
export class NetworkClient {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** What can be looked at. */
  async arrays(run: string, signal?: AbortSignal): Promise<NetworkArrays> {
    return networkArraysOf(decodeColumns(await this.#source.bytes(`${at(run)}/network`, { signal })));
  }

  /** One array at a step of the training, or its variance over `window` steps. */
  async picture(
    run: string,
    query: { of: string; at?: number; window?: number },
    signal?: AbortSignal,
  ): Promise<ArrayPicture> {
    const path = `${at(run)}/network/picture${search(query)}`;
    return arrayPictureOf(decodeColumns(await this.#source.bytes(path, { signal })));
  }

  /** How an array's numbers are spread, through training. */
  async histograms(
    run: string,
    query: { of: string; bins?: number },
    signal?: AbortSignal,
  ): Promise<Histograms> {
    const path = `${at(run)}/network/histograms${search(query)}`;
    return histogramsOf(decodeColumns(await this.#source.bytes(path, { signal })));
  }

  /** One array through training. */
  async strip(run: string, query: { of: string }, signal?: AbortSignal): Promise<ArrayStrip> {
    const path = `${at(run)}/network/strip${search(query)}`;
    return arrayStripOf(decodeColumns(await this.#source.bytes(path, { signal })));
  }
}
