import type { Hotspot } from '../../api/wire';

/** Where a hotspot lies on the lane, as shares of its width. Steps are places, as on the curves: the last one is at 1. */
export interface Place {
  left: number;
  width: number;
  /** It begins behind the last step that was recorded. */
  beyond: boolean;
}

export function placeOf(spot: Hotspot, end: number): Place {
  if (end <= 0) return { left: 0, width: 0, beyond: spot.from > 0 };
  const share = (step: number) => Math.min(1, Math.max(0, step / end));
  const left = share(spot.from);
  return { left, width: share(spot.to) - left, beyond: spot.from > end };
}

/** What is said of a step: the shortest stretch that holds it, so that a moment in a long stretch is found; -1 for none. */
export function spotAt(spots: readonly Hotspot[], step: number): number {
  let found = -1;
  spots.forEach((spot, i) => {
    if (step < spot.from || step > spot.to) return;
    const best = spots[found];
    if (!best || spot.to - spot.from < best.to - best.from) found = i;
  });
  return found;
}

/** `step 3`, `steps 3 to 9`. */
export function stepsOf({ from, to }: Pick<Hotspot, 'from' | 'to'>): string {
  return from === to ? `step ${from}` : `steps ${from} to ${to}`;
}
