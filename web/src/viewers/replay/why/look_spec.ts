import type { HeatLook } from '../../../charts/heat_overlay';
import type { HeatView } from '../../../charts/heat_cells';
import { BLENDS } from '../../../charts/heat_colours';
import { SIGNS, type Sign } from '../../../charts/heat_scale';
import { COLOUR_MAPS, type ColourMapName } from '../../../theme/colour_maps';

/** How answers are shown, as in the address. Nothing of it is asked of the server. */
export interface LookSpec extends HeatLook {
  sign: Sign;
  /** Percent of the whole beyond the end of the scale. */
  outliers: number;
  smooth: boolean;
  /** Each picture of a stack has its own part of the attribution; else their sum lies over all. */
  each: boolean;
  /** One scale for all steps that are known. */
  common: boolean;
  /** The plain picture stands beside. */
  beside: boolean;
  /** Rows show what speaks for and what speaks against in maps of their own. */
  split: boolean;
  /** Rows show maps without the picture. */
  bare: boolean;
  /** Rows show how each differs from the first. */
  difference: boolean;
}

export const OPACITY_DEFAULT = 0.8;
export const OUTLIERS_DEFAULT = 5;
export const OUTLIERS_MAX = 50;

/** The looks of the tools before this one, by name. */
export const PRESETS: Record<string, { title: string; doc: string; look: Partial<LookSpec> }> = {
  usual: { title: 'as usual', doc: 'Orange speaks for the target, blue against it.', look: {} },
  heads: {
    title: 'actor and critic',
    doc: 'Greydanus et al. 2018: what matters to the policy in blue, to the value in red, both at once.',
    look: { blend: 'heads', sign: 'absolute', outliers: 1 },
  },
  bleed: {
    title: 'RL Vision',
    doc: 'Hilton et al. 2020: over the greyed picture, one scale for all steps, strong places bleed out.',
    look: { blend: 'grey', opacity: 0.9, outliers: 0, smooth: true, common: true },
  },
  rld: {
    title: 'green and red maps',
    doc: 'rld: the map by itself beside the picture, 5 % outliers.',
    look: { blend: 'alone', beside: true, colours: 'green-purple' },
  },
};

const USUAL: LookSpec = {
  blend: 'over',
  colours: 'page',
  opacity: OPACITY_DEFAULT,
  sign: 'both',
  outliers: OUTLIERS_DEFAULT,
  smooth: false,
  each: false,
  common: false,
  beside: false,
  split: false,
  bare: false,
  difference: false,
};

/** Reads the address; anything odd gives the default. */
export function parseLook(param: (name: string) => string | null): LookSpec {
  const number = (name: string, low: number, high: number, usual: number) => {
    const asked = Number(param(name) ?? NaN);
    return asked >= low && asked <= high ? asked : usual;
  };
  const one = <T extends string>(name: string, known: readonly T[], usual: T): T =>
    known.find((choice) => choice === param(name)) ?? usual;
  return {
    blend: one('blend', BLENDS, USUAL.blend),
    colours: one('colours', Object.keys(COLOUR_MAPS) as ColourMapName[], USUAL.colours),
    opacity: number('opacity', 0.1, 1, OPACITY_DEFAULT),
    sign: one('sign', SIGNS, USUAL.sign),
    outliers: number('outliers', 0, OUTLIERS_MAX, OUTLIERS_DEFAULT),
    smooth: param('smooth') !== null,
    each: param('each') !== null,
    common: param('scale') === 'episode',
    beside: param('beside') !== null,
    split: param('split') !== null,
    bare: param('bare') !== null,
    difference: param('difference') !== null,
  };
}

/** What to write into the address; defaults are left out. */
export function patchOfLook(change: Partial<LookSpec>, now: LookSpec): Record<string, string | null> {
  const look = { ...now, ...change };
  const unless = <K extends keyof LookSpec>(name: K) =>
    look[name] === USUAL[name] ? null : String(look[name]);
  return {
    blend: unless('blend'),
    colours: unless('colours'),
    opacity: unless('opacity'),
    sign: unless('sign'),
    outliers: unless('outliers'),
    smooth: look.smooth ? '1' : null,
    each: look.each ? '1' : null,
    scale: look.common ? 'episode' : null,
    beside: look.beside ? '1' : null,
    split: look.split ? '1' : null,
    bare: look.bare ? '1' : null,
    difference: look.difference ? '1' : null,
  };
}

/** A preset takes everything else back to the default, but for how rows are shown. */
export function patchOfPreset(name: string, { split, bare, difference }: LookSpec = USUAL) {
  return patchOfLook({ ...PRESETS[name]?.look, split, bare, difference }, USUAL);
}

/** The preset that looks like this; empty when none does. */
export function presetOf(look: LookSpec): string {
  const text = JSON.stringify(patchOfLook({}, look));
  return Object.keys(PRESETS).find((name) => JSON.stringify(patchOfPreset(name, look)) === text) ?? '';
}

/** What is done with the numbers, but for the common scale, which the answers tell. */
export function viewOfLook(look: LookSpec, plane: number | null): Omit<HeatView, 'reach'> {
  return {
    // What is added to a channel has no sign.
    sign: look.blend === 'heads' && look.sign === 'both' ? 'absolute' : look.sign,
    outliers: look.outliers,
    smooth: look.smooth,
    plane: look.each && plane !== null ? plane : 'sum',
  };
}
