import type { Patch } from '../../state/router.svelte';

/** Which curves stand over the steps: what people want in a link. */
export interface TimelineSpec {
  /** Names of fields, from the top; null for the usual ones. */
  tracks: readonly string[] | null;
  /** Fields whose moving average is drawn too. */
  trends: readonly string[];
  /** Steps that a moving average goes over; null for what suits the length of the episode. */
  window: number | null;
}

/** What people choose from. */
export const WINDOWS = [5, 10, 20, 50, 100, 200, 500, 1000] as const;

/** Fields that have a trend unless the reader says otherwise: single rewards tell little. */
const TRENDS_DEFAULT = ['reward'];

/** Reads the address. */
export function parseTimeline(param: (name: string) => string | null): TimelineSpec {
  const window = Number(param('window') ?? NaN);
  return {
    tracks: list(param('tracks')),
    trends: list(param('trend')) ?? TRENDS_DEFAULT,
    window: WINDOWS.find((known) => known === window) ?? null,
  };
}

/** What the address says after a change. `usual` are the tracks that an address without a word shows. */
export function patchOfTimeline(change: Partial<TimelineSpec>, usual: readonly string[]): Patch {
  const patch: Patch = {};
  if (change.tracks !== undefined) {
    patch.tracks = change.tracks === null || same(change.tracks, usual) ? null : change.tracks.join(',');
  }
  if (change.trends) patch.trend = same(change.trends, TRENDS_DEFAULT) ? null : change.trends.join(',');
  if (change.window !== undefined) patch.window = change.window === null ? null : String(change.window);
  return patch;
}

/** A window of about a twentieth of an episode of `count` steps. */
export function windowFor(count: number): number {
  return WINDOWS.findLast((window) => window * 20 <= count) ?? WINDOWS[0];
}

/** The same names with `name` moved by `by` places; it stays within the list. */
export function moved(names: readonly string[], name: string, by: number): string[] {
  const rest = names.filter((other) => other !== name);
  const at = Math.min(rest.length, Math.max(0, names.indexOf(name) + by));
  return [...rest.slice(0, at), name, ...rest.slice(at)];
}

function list(text: string | null): string[] | null {
  return text === null ? null : [...new Set(text.split(',').filter(Boolean))];
}

const same = (a: readonly string[], b: readonly string[]) => a.join(',') === b.join(',');
