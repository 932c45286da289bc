import { COLOUR_MAPS, type ColourMapName } from '../theme/colour_maps';
import type { ChartInk } from './ink';
import { rgbOf, type Rgb } from './ramp';
import type { OverlayCells } from './heat_cells';

/** How colours meet the picture. `heads` adds them to its channels: the policy in blue, the value in red. */
export const BLENDS = ['over', 'grey', 'alone', 'multiply', 'heads'] as const;
export type Blend = (typeof BLENDS)[number];

/** Colours of the numbers from −1 to 1 (diverging) or 0 to 1 (by magnitude), 256 of them. */
export interface HeatColours {
  diverging: boolean;
  /** Red, green, blue, one after the other. */
  table: Uint8ClampedArray;
}

/** The colours of a map as the page looks now. */
export function heatColours(
  name: ColourMapName,
  ink: Pick<ChartInk, 'warm' | 'cold' | 'surface'>,
): HeatColours {
  const { anchors, diverging } = COLOUR_MAPS[name];
  const colours = anchors.length > 0 ? anchors : [ink.cold, ink.surface, ink.warm];
  return { diverging, table: mixed(colours.map(rgbOf)) };
}

function mixed(anchors: readonly Rgb[]): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i += 1) {
    const at = (i / 255) * (anchors.length - 1);
    const low = Math.min(anchors.length - 2, Math.floor(at));
    for (let channel = 0; channel < 3; channel += 1) {
      const [from, to] = [anchors[low]![channel]!, anchors[low + 1]![channel]!];
      table[3 * i + channel] = from + (to - from) * (at - low);
    }
  }
  return table;
}

/** Where a value's colour is in the table. */
export function heatIndex(value: number, diverging: boolean): number {
  const within = Math.max(-1, Math.min(1, value));
  return Math.round(255 * (diverging ? (within + 1) / 2 : Math.abs(within)));
}

/**
 * Paints cells as packed RGBA. Over a picture, the weaker the clearer: the page's own two colours are then pure, for clearness tells
 * magnitude already. `opacity` is that of the strongest.
 */
export function paintHeat(
  cells: OverlayCells,
  colours: HeatColours,
  pure: { warm: Rgb; cold: Rgb } | null,
  blend: Exclude<Blend, 'heads'>,
  opacity: number,
  out: Uint8ClampedArray,
): void {
  cells.values.forEach((value, i) => {
    const at = 4 * i;
    if (Number.isNaN(value)) {
      out.fill(0, at, at + 4);
      return;
    }
    const size = Math.min(1, Math.abs(value));
    // The square root lifts the middle, as the eye is used to.
    const strength = opacity * Math.sqrt(size);
    if (blend === 'multiply') {
      out.fill(0, at, at + 3);
      out[at + 3] = Math.round(255 * opacity * (1 - Math.sqrt(size)));
      return;
    }
    if (pure && blend !== 'alone') out.set(value >= 0 ? pure.warm : pure.cold, at);
    else {
      const from = 3 * heatIndex(value, colours.diverging);
      out.set(colours.table.subarray(from, from + 3), at);
    }
    out[at + 3] = blend === 'alone' ? 255 : Math.round(255 * strength);
  });
}

/**
 * Paints two overlays of one size for adding to a picture: one in its blue channel, one in its red.
 *
 * **Source** Greydanus et al. 2018, figure 1: actor blue, critic red. Theirs are scaled by hand for each game; here each has its own scale.
 */
export function paintHeads(
  blue: OverlayCells | null,
  red: OverlayCells | null,
  opacity: number,
  out: Uint8ClampedArray,
): void {
  out.fill(0);
  const add = (cells: OverlayCells | null, channel: number) =>
    cells?.values.forEach((value, i) => {
      if (Number.isNaN(value)) return;
      out[4 * i + channel] = Math.round(255 * opacity * Math.min(1, Math.abs(value)));
      out[4 * i + 3] = 255;
    });
  add(red, 0);
  add(blue, 2);
}
