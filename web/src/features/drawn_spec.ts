import type { ImagePlace } from '../api/features';

/** Which image of a feature is drawn, as in the address. */
export interface DrawnSpec {
  place: ImagePlace;
  seed: number;
}

/** Places with what people call them, the usual one first. */
export const PLACES: readonly (readonly [ImagePlace, string])[] = [
  ['centre', 'in the middle'],
  ['everywhere', 'everywhere'],
  ['each', 'at each place'],
];

/** Name of the parameter of the address. */
export const DRAWN = 'drawn';

/** Reads the address: `centre`, `each.3`; null where nothing is to be drawn, or what is written makes no sense. */
export function parseDrawn(text: string | null): DrawnSpec | null {
  const found = /^([a-z]+)(?:\.(\d{1,9}))?$/.exec(text ?? '');
  const place = PLACES.find(([name]) => name === found?.[1])?.[0];
  return place ? { place, seed: Number(found?.[2] ?? 0) } : null;
}

/** What to write into the address. */
export function textOfDrawn({ place, seed }: DrawnSpec): string {
  return seed === 0 ? place : `${place}.${seed}`;
}
