import type { Client } from '../api/client';
import {
  imagesSoFarOf,
  type FeatureImages,
  type FeatureImagesQuery,
  type FeaturesProgress,
  type ImagesSoFar,
  type OnProgress,
} from '../api/features';

/** An image of a feature being drawn, or drawn. */
export class ImageAsk {
  progress = $state.raw<FeaturesProgress | null>(null);
  /** What the ascent has while it runs; it stays when the ascent is stopped. */
  soFar = $state.raw<ImagesSoFar | null>(null);
  found = $state.raw<FeatureImages | null>(null);
  error = $state.raw<Error | null>(null);
  stopped = $state(false);
  readonly #abort = new AbortController();

  /** Begins at once. */
  constructor(client: Client, run: string, features: string, query: FeatureImagesQuery) {
    const { signal } = this.#abort;
    const onprogress: OnProgress = (progress, part) => {
      if (signal.aborted) return;
      this.progress = progress;
      this.soFar = imagesSoFarOf(part) ?? this.soFar;
    };
    client.features
      .images(run, features, query, onprogress, signal)
      .then((found) => (this.found = found))
      .catch((error: unknown) => {
        if (!signal.aborted) this.error = error instanceof Error ? error : new Error(String(error));
      });
  }

  /** The ascent ends, and so does the work on the server; what it has stays. */
  stop(): void {
    if (!this.found) this.stopped = true;
    this.#abort.abort();
  }
}
