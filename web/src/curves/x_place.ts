import type { XKind } from '../charts/ticks';
import type { Points } from './points';

/** Where the points of a line lie on x. */
export interface XPlace {
  kind: XKind;
  /** Start of the run, or of the first of a group, microseconds since 1970, for relative time. */
  startUs: number;
  /** Global steps at which the episodes of each run of the line started, ascending; null where the axis counts episodes itself. */
  starts: readonly Float64Array[] | null;
}

/**
 * x of each point. A clock that was set back would make x descend; it is held still there instead. Of a step the episode is that which
 * started last before it, from 0; of a group the mean over its runs.
 */
export function xOf(
  points: Pick<Points, 'step' | 'timeUs'>,
  { kind, startUs, starts }: XPlace,
): Float64Array {
  if (kind === 'step' || (kind === 'episode' && starts === null)) return points.step;
  if (kind === 'episode') return episodesAt(points.step, starts ?? []);
  const origin = kind === 'relative' ? startUs : 0;
  const seconds = new Float64Array(points.timeUs.length);
  let latest = -Infinity;
  for (let i = 0; i < seconds.length; i += 1) {
    latest = Math.max(latest, (points.timeUs[i] - origin) / 1e6);
    seconds[i] = latest;
  }
  return seconds;
}

function episodesAt(steps: Float64Array, runs: readonly Float64Array[]): Float64Array {
  const episodes = new Float64Array(steps.length);
  for (const starts of runs) {
    let begun = 0;
    for (let i = 0; i < steps.length; i += 1) {
      while (begun < starts.length && starts[begun] <= steps[i]) begun += 1;
      episodes[i] += Math.max(0, begun - 1) / runs.length;
    }
  }
  return episodes;
}
