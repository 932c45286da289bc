import type { FeaturesQuery } from '../api/features';
import { numbersOf, numbersText } from '../ui/episode_numbers';

/** What of a layer is taken apart, as in the address. */
export interface FeatureSpec {
  /** Null for the recommended one. */
  layer: string | null;
  /** Global step; null for what the page presets. */
  checkpoint: number | null;
  /** `activations`, or a target. */
  of: string;
  factors: number;
  steps: number;
  /** Episodes whose steps are looked at; null for all that were recorded. */
  episodes: readonly number[] | null;
}

export const ACTIVATIONS = 'activations';
export const FACTORS = { low: 1, high: 64, usual: 8 } as const;
export const STEPS = { low: 16, high: 16_384, usual: 1024 } as const;

export const SPEC_USUAL: FeatureSpec = {
  layer: null,
  checkpoint: null,
  of: ACTIVATIONS,
  factors: FACTORS.usual,
  steps: STEPS.usual,
  episodes: null,
};

type Read = (name: string) => string | null;

/** Names of parameters of the address; `layer` and `checkpoint` go along from page to page. */
const NAMES = {
  layer: 'layer',
  checkpoint: 'checkpoint',
  of: 'of',
  factors: 'k',
  steps: 'steps',
  episodes: 'episodes',
} as const;

/** Reads the address; anything odd gives what is usual. */
export function parseFeatures(param: Read): FeatureSpec {
  const checkpoint = param(NAMES.checkpoint);
  return {
    layer: param(NAMES.layer) || null,
    checkpoint: checkpoint !== null && /^\d{1,15}$/.test(checkpoint) ? Number(checkpoint) : null,
    of: param(NAMES.of) || ACTIVATIONS,
    factors: within(param(NAMES.factors), FACTORS),
    steps: within(param(NAMES.steps), STEPS),
    episodes: numbersOf(param(NAMES.episodes) ?? ''),
  };
}

/** What to write into the address; what is usual is left out. */
export function patchOfFeatures(
  change: Partial<FeatureSpec>,
  now: FeatureSpec,
): Record<string, string | null> {
  const spec = { ...now, ...change };
  return {
    [NAMES.layer]: spec.layer,
    [NAMES.checkpoint]: spec.checkpoint === null ? null : String(spec.checkpoint),
    [NAMES.of]: spec.of === ACTIVATIONS ? null : spec.of,
    [NAMES.factors]: spec.factors === FACTORS.usual ? null : String(spec.factors),
    [NAMES.steps]: spec.steps === STEPS.usual ? null : String(spec.steps),
    [NAMES.episodes]: spec.episodes && numbersText(spec.episodes, ','),
  };
}

/** The same as one text, for a page where the names mean something else. */
export function textOfFeatures(spec: FeatureSpec): string {
  const pairs = Object.entries(patchOfFeatures({}, spec)).filter(([, text]) => text !== null);
  return new URLSearchParams(pairs as [string, string][]).toString();
}

/** Reads what `textOfFeatures` writes. */
export function featuresOfText(text: string): FeatureSpec {
  const read = new URLSearchParams(text);
  return parseFeatures((name) => read.get(name));
}

/** What is asked of the server; null while layer or network are not known. */
export function queryOfFeatures({
  layer,
  checkpoint,
  of,
  factors,
  steps,
  episodes,
}: FeatureSpec): FeaturesQuery | null {
  if (layer === null || checkpoint === null) return null;
  return { layer, checkpoint, of, factors, steps, ...(episodes && { episodes }) };
}

/** The question that was asked of the server. */
export function specOfQuery(query: FeaturesQuery): FeatureSpec {
  return { ...query, checkpoint: query.checkpoint ?? null, episodes: query.episodes ?? null };
}

/** A whole number in bounds, or what is usual. */
export function within(
  text: string | null,
  { low, high, usual }: { low: number; high: number; usual: number },
) {
  const number = text === null || text === '' ? NaN : Number(text);
  return Number.isInteger(number) && number >= low && number <= high ? number : usual;
}
