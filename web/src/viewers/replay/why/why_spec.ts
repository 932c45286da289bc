/** What is asked of the network, as in the address. */
export interface WhySpec {
  on: boolean;
  method: string;
  target: string;
  /** Global step; null for the one in force. */
  checkpoint: number | null;
  /** Null for the observation. */
  layer: string | null;
  /** Of the strongest places, from 0.1 to 1. */
  opacity: number;
}

export const METHOD_DEFAULT = 'saliency';
export const TARGET_DEFAULT = 'action';
export const OPACITY_DEFAULT = 0.8;

/** Reads the address; anything odd gives the default. */
export function parseWhy(param: (name: string) => string | null): WhySpec {
  const opacity = Number(param('opacity') ?? NaN);
  const checkpoint = param('checkpoint');
  return {
    on: param('why') !== null,
    method: param('why') || METHOD_DEFAULT,
    target: param('target') || TARGET_DEFAULT,
    checkpoint: checkpoint !== null && /^\d{1,15}$/.test(checkpoint) ? Number(checkpoint) : null,
    layer: param('layer') || null,
    opacity: opacity >= 0.1 && opacity <= 1 ? opacity : OPACITY_DEFAULT,
  };
}

/** What to write into the address; defaults are left out. */
export function patchOfWhy(change: Partial<WhySpec>, now: WhySpec): Record<string, string | null> {
  const spec = { ...now, ...change };
  return {
    why: spec.on ? (spec.method === METHOD_DEFAULT ? '' : spec.method) : null,
    target: spec.on && spec.target !== TARGET_DEFAULT ? spec.target : null,
    checkpoint: spec.on && spec.checkpoint !== null ? String(spec.checkpoint) : null,
    layer: spec.on ? spec.layer : null,
    opacity: spec.on && spec.opacity !== OPACITY_DEFAULT ? String(spec.opacity) : null,
  };
}

/** A target in words: `why RIGHT`, `value`. */
export function targetTitle(target: string, name: (index: number) => string): string {
  if (target === 'action') return 'action taken';
  if (target === 'greedy') return 'greedy action';
  if (target === 'value') return 'value';
  const [first, second] = target.split('-');
  return second === undefined ? name(Number(first)) : `${name(Number(first))}, not ${name(Number(second))}`;
}
