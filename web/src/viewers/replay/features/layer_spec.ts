import { featuresOfText, textOfFeatures, type FeatureSpec } from '../../../features/feature_spec';

/** Which side of signed maps is drawn; `absolute` draws both as one. */
export const SIDES = ['absolute', 'positive', 'negative'] as const;
export type Side = (typeof SIDES)[number];

/** The layer of features over the observation, as in the address. */
export interface LayerSpec {
  on: boolean;
  what: FeatureSpec;
  /** Of what the maps are, a row each: `activations` or a target; the first lies over the stage. Empty: of what was taken apart. */
  outputs: readonly string[];
  side: Side;
  /** Rows show what speaks for and what speaks against in maps of their own. */
  split: boolean;
  /** Rows show maps without the observation. */
  bare: boolean;
  /** What no feature holds, in grey. */
  residual: boolean;
  /** Strong places bleed out. */
  smooth: boolean;
  /** How many times stronger than the scale has it. */
  gain: number;
  /** Curves of the sums are among those of the time line. */
  totals: boolean;
}

/** Rows that are kept: more cannot be told apart. */
export const OUTPUTS_MAX = 6;
export const GAINS = [0.25, 0.5, 1, 2, 4] as const;

type Read = (name: string) => string | null;

/** Reads the address; anything odd gives what is usual. */
export function parseLayer(param: Read): LayerSpec {
  const text = param('features');
  const gain = Number(param('gain') ?? NaN);
  return {
    on: text !== null,
    what: featuresOfText(text ?? ''),
    outputs: (param('outputs') ?? '').split(';').filter(Boolean).slice(0, OUTPUTS_MAX),
    side: SIDES.find((side) => side === param('side')) ?? 'absolute',
    split: param('apart') !== null,
    bare: param('alone') !== null,
    residual: param('residual') !== null,
    smooth: param('bleed') !== null,
    gain: GAINS.find((one) => one === gain) ?? 1,
    totals: param('sums') !== null,
  };
}

/** What to write into the address; what is usual is left out. */
export function patchOfLayer(change: Partial<LayerSpec>, now: LayerSpec): Record<string, string | null> {
  const spec = { ...now, ...change };
  const flag = (on: boolean) => (spec.on && on ? '1' : null);
  return {
    features: spec.on ? textOfFeatures(spec.what) : null,
    outputs: spec.on && spec.outputs.length > 0 ? spec.outputs.join(';') : null,
    side: spec.on && spec.side !== 'absolute' ? spec.side : null,
    apart: flag(spec.split),
    alone: flag(spec.bare),
    residual: flag(spec.residual),
    bleed: flag(spec.smooth),
    gain: spec.on && spec.gain !== 1 ? String(spec.gain) : null,
    sums: flag(spec.totals),
  };
}

/** Of what the maps of each row are: at least one. */
export function outputsOf({ outputs, what }: Pick<LayerSpec, 'outputs' | 'what'>): string[] {
  return outputs.length > 0 ? [...outputs] : [what.of];
}
