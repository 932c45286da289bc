/**
 * Colours of runs and series, by slot. Slot 0–6 are Okabe and Ito's, the next nine are Tol's muted set, drawn dashed;
 * then the same again with other dashes, so that colour is never the only difference.
 *
 * **Source** Okabe & Ito 2008, "Color Universal Design"; Tol 2021, "Colour schemes", figure 5. Colours that would stand out from the
 * page by less than 3:1 are darkened (light theme) or lightened (dark theme); the seven of the light theme were searched for near the
 * originals so that the closest pair stays 0.05 apart (OKLab) for every kind of sight. `palette.test.ts` holds both themes to that.
 */

/** Which of the two looks is on the screen. */
export type Look = 'light' | 'dark';

/** How one series is drawn. */
export interface Ink {
  /** CSS colour. */
  colour: string;
  /** Dash pattern in CSS pixels; empty for a solid line. */
  dash: readonly number[];
}

const OKABE_ITO: Record<Look, readonly string[]> = {
  light: ['#0272b1', '#ac4900', '#0a9970', '#e066ad', '#a77200', '#009bda', '#9e9400'],
  dark: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#f0e442'],
};

const TOL_MUTED: Record<Look, readonly string[]> = {
  light: ['#cc6677', '#332288', '#948322', '#117733', '#3a93bd', '#882255', '#2f8d7e', '#858520', '#aa4499'],
  dark: ['#d97f8e', '#8f82d8', '#ddcc77', '#4cab69', '#88ccee', '#c4628f', '#44aa99', '#b3b34d', '#cb72bd'],
};

/** How much nearer to black (light theme) or white (dark theme) the seeds of a family are: contrast with the page only grows. */
const SHADES = [0, 0.24, 0.44];

const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

/** Of what has no value to be coloured by; as `--ink-faint`. */
export const NEUTRAL: Record<Look, string> = { light: '#616c6e', dark: '#8f9c9e' };

/** Slots before colours repeat with another dash. */
export const SLOTS_DISTINCT = OKABE_ITO.light.length + TOL_MUTED.light.length;

/**
 * How series number `slot` (from 0) is drawn. `variant` tells series of one slot apart: they share its hue, and differ in lightness, then
 * in dash.
 */
export function inkOfSlot(slot: number, look: Look, variant = 0): Ink {
  const { colour, dash } = hueOfSlot(slot, look);
  if (variant === 0) return { colour, dash };
  const turns = Math.floor(variant / SHADES.length);
  const place = DASHES.findIndex((one) => one.join() === dash.join());
  return {
    colour: shaded(colour, SHADES[variant % SHADES.length], look),
    dash: DASHES[(place + turns) % DASHES.length],
  };
}

function hueOfSlot(slot: number, look: Look): Ink {
  const index = ((slot % SLOTS_DISTINCT) + SLOTS_DISTINCT) % SLOTS_DISTINCT;
  const round = Math.floor(Math.max(0, slot) / SLOTS_DISTINCT) * 2;
  const solid = OKABE_ITO[look];
  return index < solid.length
    ? { colour: solid[index], dash: DASHES[round % DASHES.length] }
    : { colour: TOL_MUTED[look][index - solid.length], dash: DASHES[(round + 1) % DASHES.length] };
}

/** A colour mixed with black or white, channel by channel. */
function shaded(colour: string, part: number, look: Look): string {
  const toward = look === 'light' ? 0 : 255;
  const channel = (at: number) => {
    const value = parseInt(colour.slice(at, at + 2), 16);
    return Math.round(value + (toward - value) * part)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** Which of the inks a run has. */
export interface InkPlace {
  slot: number;
  variant: number;
  /** The slot is that of its family. */
  shared: boolean;
}

/**
 * Gives each run a slot and a variant: what it had before, else, where runs of several families are shown, the slot of its family, else
 * the lowest that no run shown has. A run's colour does not change while people look at it, nor when it comes back.
 */
export function assignInks(
  before: ReadonlyMap<string, InkPlace>,
  runs: readonly { id: string; family: string }[],
  familyOf: (id: string) => string | undefined,
): Map<string, InkPlace> {
  const places = new Map(before);
  const severalFamilies = new Set(runs.map(({ family }) => family)).size > 1;
  const used = new Set(runs.flatMap(({ id }) => places.get(id)?.slot ?? []));
  const families = new Map<string, number>();
  const variants = new Map<number, number>();
  for (const [id, { slot, variant, shared }] of places) {
    const family = shared ? familyOf(id) : undefined;
    if (family !== undefined) families.set(family, slot);
    variants.set(slot, Math.max(variants.get(slot) ?? 0, variant + 1));
  }
  for (const { id, family } of runs) {
    if (places.has(id)) continue;
    let slot = severalFamilies ? families.get(family) : undefined;
    const isNew = slot === undefined;
    if (slot === undefined) {
      slot = 0;
      while (used.has(slot) || (severalFamilies && [...families.values()].includes(slot))) slot += 1;
    }
    const variant = isNew ? 0 : (variants.get(slot) ?? 0);
    places.set(id, { slot, variant, shared: severalFamilies });
    if (severalFamilies) families.set(family, slot);
    variants.set(slot, variant + 1);
    used.add(slot);
  }
  return places;
}

/**
 * Gives each of `ids` a slot: the one it had before, else the lowest that none of them has. Ids that are not shown keep theirs
 * for when they come back, so a run's colour does not change while people look at it.
 */
export function assignSlots(
  before: ReadonlyMap<string, number>,
  ids: readonly string[],
): Map<string, number> {
  const slots = new Map(before);
  const used = new Map<number, number>();
  for (const id of ids) {
    const slot = slots.get(id);
    if (slot !== undefined) used.set(slot, (used.get(slot) ?? 0) + 1);
  }
  for (const id of ids) {
    if (slots.has(id)) continue;
    let slot = 0;
    while (used.has(slot)) slot += 1;
    slots.set(id, slot);
    used.set(slot, 1);
  }
  return slots;
}
