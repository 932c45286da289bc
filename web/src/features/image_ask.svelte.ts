import type { Client } from '../api/client';
import type { FeatureImages, FeatureImagesQuery, FeaturesProgress } from '../api/features';

/** An image of a feature being drawn, or drawn. */
export class ImageAsk {
  progress = $state.raw<FeaturesProgress | null>(null);
  found = $state.raw<FeatureImages | null>(null);
  error = $state.raw<Error | null>(null);
  readonly #abort = new AbortController();

  /** Begins at once. */
  constructor(client: Client, run: string, features: string, query: FeatureImagesQuery) {
    client
      .featureImages(run, features, query, (progress) => (this.progress = progress), this.#abort.signal)
      .then((found) => (this.found = found))
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted) {
          this.error = error instanceof Error ? error : new Error(String(error));
        }
      });
  }

  /** Nobody wants it any more. */
  stop(): void {
    this.#abort.abort();
  }
}
