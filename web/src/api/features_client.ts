import { decodeColumns } from './columns';
import {
  featureImagesOf,
  featureMapsOf,
  featuresOf,
  partAfterProgress,
  withoutOf,
  type FeatureImages,
  type FeatureImagesQuery,
  type FeatureMaps,
  type Features,
  type FeaturesProgress,
  type FeaturesQuery,
  type OnProgress,
  type WithoutFeatures,
} from './features';
import { at, search } from './paths';
import type { Source } from './source';

/** Layers of a run's networks taken apart into factors (`docs/http.md`). */
export class FeaturesClient {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** A layer taken apart into factors; `onprogress` hears how far it is. Leaving stops it. */
  async find(
    run: string,
    query: FeaturesQuery,
    onprogress: (progress: FeaturesProgress) => void,
    signal?: AbortSignal,
  ): Promise<Features> {
    const stream = await this.#source.stream(`${at(run)}/features`, { body: query, signal });
    return featuresOf(await partAfterProgress(stream, 'features', onprogress));
  }

  /** Images that excite features most; `onprogress` hears how far they are. Leaving stops it. */
  async images(
    run: string,
    features: string,
    query: FeatureImagesQuery,
    onprogress: OnProgress,
    signal?: AbortSignal,
  ): Promise<FeatureImages> {
    const path = `${at(run)}/features/${encodeURIComponent(features)}/images`;
    const stream = await this.#source.stream(path, { body: query, signal });
    return featureImagesOf(await partAfterProgress(stream, 'images', onprogress));
  }

  /** How strong the factors are at some steps, at most 64; `of` is `activations` or a target. */
  async maps(
    run: string,
    features: string,
    query: { episode: number; from: number; to: number; of?: string; checkpoint?: number },
    signal?: AbortSignal,
  ): Promise<FeatureMaps> {
    const path = `${at(run)}/features/${encodeURIComponent(features)}/maps${search({ ...query })}`;
    return featureMapsOf(decodeColumns(await this.#source.bytes(path, { signal })));
  }

  /** What the policy would say of some steps without features of a layer, at most 64 steps. */
  async without(
    run: string,
    features: string,
    query: { episode: number; from: number; to: number; factors: readonly number[]; checkpoint?: number },
    signal?: AbortSignal,
  ): Promise<WithoutFeatures> {
    const path = `${at(run)}/features/${encodeURIComponent(features)}/without`;
    return withoutOf(decodeColumns(await this.#source.bytes(path, { body: query, signal })));
  }
}
