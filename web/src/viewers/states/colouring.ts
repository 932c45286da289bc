import { DIM, GONE, MARKED, PLAIN } from '../../charts/cloud_points';
import { rgbOf } from '../../charts/ramp';

/** Index in the palette of what has no value. */
export const MISSING = 255;
/** Choices beyond this are shown as numbers. */
const CHOICES_MAX = 48;

/** Values of a field, one a point, NaN where there is none; names of whole numbers where it has any. */
export interface FieldColumn {
  name: string;
  values: ArrayLike<number>;
  kind: 'number' | 'choice';
  names: readonly string[];
}

/** How points are coloured, and what the legend says. */
export interface Colouring {
  name: string;
  colour: Uint8Array;
  palette: Uint8Array;
  missing: number;
  /** Null for choices. */
  scale: { low: number; high: number; stops: string[] } | null;
  /** Empty for numbers. */
  choices: { value: number; name: string; count: number; colour: string }[];
}

/** Colours by a field with few values. `colourOf` gives a choice its colour, as `#rrggbb`, by its value and its place among those there are. */
export function colourByChoice(
  { name, values, names }: FieldColumn,
  colourOf: (value: number, place: number) => string,
  missing: string,
): Colouring | null {
  const counts = new Map<number, number>();
  let absent = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) absent += 1;
    else counts.set(value, (counts.get(value) ?? 0) + 1);
    if (counts.size > CHOICES_MAX) return null;
  }
  const order = [...counts].toSorted(([a], [b]) => a - b);
  const slot = new Map(order.map(([value], i) => [value, i]));
  const colour = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) colour[i] = slot.get(values[i]) ?? MISSING;
  const palette = new Uint8Array(256 * 3);
  const choices = order.map(([value, count], i) => {
    const css = colourOf(value, i);
    palette.set(rgbOf(css), 3 * i);
    return { value, name: names[value] || String(value), count, colour: css };
  });
  palette.set(rgbOf(missing), 3 * MISSING);
  return { name, colour, palette, missing: absent, scale: null, choices };
}

/** Colours by a number: `stops` from low to high, mixed between them; with `centred` the middle one is at zero. */
export function colourByNumber(
  { name, values }: FieldColumn,
  stops: readonly string[],
  centred: boolean,
  missing: string,
): Colouring {
  let [low, high] = finiteEnds(values) ?? [0, 1];
  if (centred) {
    const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
    [low, high] = [-reach, reach];
  }
  const per = high > low ? (MISSING - 1) / (high - low) : 0;
  const colour = new Uint8Array(values.length);
  let absent = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== value) {
      colour[i] = MISSING;
      absent += 1;
    } else if (per === 0) colour[i] = MISSING >> 1;
    else colour[i] = Math.min(MISSING - 1, Math.max(0, Math.round((value - low) * per)));
  }
  const palette = paletteOf(stops);
  palette.set(rgbOf(missing), 3 * MISSING);
  return { name, colour, palette, missing: absent, scale: { low, high, stops: [...stops] }, choices: [] };
}

/** 255 colours mixed from stops at even distances; the last of the 256 is free. */
export function paletteOf(stops: readonly string[]): Uint8Array {
  const palette = new Uint8Array(256 * 3);
  const anchors = stops.map(rgbOf);
  for (let i = 0; i < MISSING; i++) {
    const at = (i / (MISSING - 1)) * (anchors.length - 1);
    const [from, to] = [anchors[Math.floor(at)], anchors[Math.ceil(at)]];
    for (let part = 0; part < 3; part++) {
      palette[3 * i + part] = Math.round(from[part] + (to[part] - from[part]) * (at % 1));
    }
  }
  return palette;
}

/**
 * A byte a point for opacity or size: `from` for the smallest value up to `to` for the largest, or for those of `ends`; `none` where there is
 * no value.
 */
export function bytesBy(
  values: ArrayLike<number>,
  from: number,
  to: number,
  none: number,
  ends?: readonly [number, number],
): Uint8Array {
  const [low, high] = ends ?? finiteEnds(values) ?? [0, 0];
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== value) bytes[i] = none;
    else if (!(high > low)) bytes[i] = to;
    else bytes[i] = Math.round(from + (to - from) * Math.min(1, Math.max(0, (value - low) / (high - low))));
  }
  return bytes;
}

/** What makes points stand out; what is null does not matter. */
export interface Filters {
  range: { values: ArrayLike<number>; low: number; high: number } | null;
  choices: { values: ArrayLike<number>; of: ReadonlySet<number> } | null;
  episode: { of: Uint32Array; which: number } | null;
  set: Uint32Array | null;
  found: Uint8Array | null;
  hides: boolean;
}

/** How each point stands: found ones are marked, what passes no filter is dimmed or gone. Null when nothing is asked. */
export function standOf(count: number, filters: Filters): Uint8Array | null {
  const { range, choices, episode, set, found, hides } = filters;
  if (!range && !choices && !episode && !set && !found) return null;
  const out = hides ? GONE : DIM;
  const stand = new Uint8Array(count);
  if (set) {
    stand.fill(out);
    for (const i of set) stand[i] = PLAIN;
  } else stand.fill(PLAIN);
  for (let i = 0; i < count; i++) {
    if (stand[i] !== PLAIN) continue;
    // Also false for NaN: what has no value does not lie in a range.
    const passes =
      (!range || (range.values[i] >= range.low && range.values[i] <= range.high)) &&
      (!choices || choices.of.has(choices.values[i])) &&
      (!episode || episode.of[i] === episode.which);
    if (!passes) stand[i] = out;
    else if (found) stand[i] = found[i] ? MARKED : out;
  }
  return stand;
}

/** Whether numbers lie to both sides of zero, so that their sign is worth a colour. */
export function isSigned(values: ArrayLike<number>): boolean {
  const [low, high] = finiteEnds(values) ?? [0, 0];
  return low < 0 && high > 0 && Math.min(-low, high) > 0.05 * Math.max(-low, high);
}

export function finiteEnds(values: ArrayLike<number>): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < low && value !== -Infinity) low = value;
    if (value > high && value !== Infinity) high = value;
  }
  return low <= high ? [low, high] : null;
}
