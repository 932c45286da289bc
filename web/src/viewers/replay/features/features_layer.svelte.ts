import type { Client } from '../../../api/client';
import type { Explanations } from '../../../api/attribution';
import type { Features } from '../../../api/features';
import { ApiError } from '../../../api/source';
import { featureBook, type FeatureAsk, type FeatureBook } from '../../../features/feature_book.svelte';
import { FeatureMapSource, type FetchMaps, type StepMaps } from '../../../features/feature_map_source';
import { queryOfFeatures, type FeatureSpec } from '../../../features/feature_spec';
import { FeatureTotals } from '../../../features/feature_totals';
import { parseLayer, type LayerSpec } from './layer_spec';

/** Sources that are kept: more than a page shows at once. */
const SOURCES_MAX = 8;

/** The feature that stands alone, or what no feature holds; null for all. */
export type Isolated = number | 'residual' | null;

/** Features over the observations of one episode, as far as the page has asked. */
export class FeaturesLayer {
  /** Under the pointer or the focus in the legend. */
  isolated = $state<Isolated>(null);
  /** Counts answers: who reads it follows them. */
  arrivals = $state(0);
  readonly book: FeatureBook;
  /** What the address says. */
  readonly spec: LayerSpec = $derived.by(() => parseLayer(this.param));
  /** The question, with what the address leaves out; null until the networks are known. */
  readonly what: FeatureSpec | null = $derived.by(() => {
    const choices = this.choices();
    return choices && resolved(this.spec.what, choices);
  });
  /** The answer to it, which may be on its way; null while the layer is off. */
  readonly ask: FeatureAsk | null = $derived.by(() => {
    const query = this.spec.on && this.what ? queryOfFeatures(this.what) : null;
    return query && this.book.ask(this.run, query);
  });
  readonly features: Features | null = $derived.by(() => this.ask?.features ?? null);
  readonly #sources = new Map<string, FeatureMapSource>();
  #totals: { key: string; totals: FeatureTotals } | null = null;

  constructor(
    private readonly client: Client,
    readonly run: string,
    readonly episode: number,
    private readonly param: (name: string) => string | null,
    private readonly choices: () => Explanations | null,
    private readonly count: () => number,
    private readonly onarrival: () => void,
  ) {
    this.book = featureBook(client);
  }

  /** Maps of an output by the features of an answer. */
  source(ask: FeatureAsk, features: Features, of: string): FeatureMapSource {
    const key = JSON.stringify([features.id, of, this.count()]);
    const known = this.#sources.get(key);
    if (known) {
      // Those used last are at the end of the map.
      this.#sources.delete(key);
      this.#sources.set(key, known);
      return known;
    }
    const made = new FeatureMapSource(this.count(), this.#fetch(ask, features, of), () => this.#arrived());
    this.#sources.set(key, made);
    for (const [old, one] of this.#sources) {
      if (this.#sources.size <= SOURCES_MAX) break;
      one.close();
      this.#sources.delete(old);
    }
    return made;
  }

  /** Sums over the whole episode of one output; it begins when told. That of another stops. */
  totals(ask: FeatureAsk, features: Features, of: string, step: () => number): FeatureTotals {
    const key = JSON.stringify([features.id, of, this.count()]);
    if (this.#totals?.key === key) return this.#totals.totals;
    this.#totals?.totals.stop();
    const totals = new FeatureTotals(
      this.count(),
      features.factors.length,
      this.#fetch(ask, features, of),
      step,
      () => [...this.#sources.values()].some(({ isBusy }) => isBusy),
      () => this.#arrived(),
    );
    this.#totals = { key, totals };
    return totals;
  }

  /** Maps of a step that follow later answers. */
  at(source: FeatureMapSource, step: number): StepMaps | null | undefined {
    void this.arrivals;
    return source.get(step);
  }

  close(): void {
    for (const source of this.#sources.values()) source.close();
    this.#totals?.totals.stop();
  }

  #fetch(ask: FeatureAsk, features: Features, of: string): FetchMaps {
    return async (from, to, signal) => {
      const query = { episode: this.episode, from, to, of, checkpoint: features.checkpoint.global_step };
      try {
        return await this.client.features.maps(this.run, features.id, query, signal);
      } catch (error) {
        // The server keeps so many answers only: the new one comes with a new name.
        if (error instanceof ApiError && error.code === 'features_gone') ask.renew();
        throw error;
      }
    };
  }

  #arrived(): void {
    this.arrivals += 1;
    this.onarrival();
  }
}

/** The question with the recommended layer and the network in force where the address names none. */
function resolved(what: FeatureSpec, choices: Explanations): FeatureSpec {
  const usual = choices.layers.find(({ recommended }) => recommended) ?? choices.layers[0];
  const inForce = choices.checkpoints[choices.in_force] ?? choices.checkpoints.at(-1);
  return {
    ...what,
    layer: what.layer ?? usual?.name ?? null,
    checkpoint: what.checkpoint ?? inForce?.global_step ?? null,
  };
}
