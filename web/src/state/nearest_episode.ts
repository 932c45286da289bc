/** Columns of a run's episodes, row by row. */
export interface EpisodeStarts {
  episode: Float64Array;
  /** Global step at reset. */
  globalStep: Float64Array;
  /** Steps taken. */
  length: Float64Array;
  /** 1 where the steps were recorded. */
  recorded: Float64Array;
  envIndex: Float64Array;
}

/** An episode and a step in it. */
export interface EpisodeStep {
  episode: number;
  step: number;
  /** How far the episode is from the place asked for, in units of the axis; 0 when it covers it. */
  distance: number;
}

/** A place on the axis of a curve. */
export interface CurvePlace {
  axis: 'global_step' | 'episode';
  value: number;
}

/**
 * The recorded episode nearest to a place on an axis; null when none was recorded.
 *
 * Values of an episode, such as its return, are logged when it ends, at the global step at which the next one starts. So of several
 * episodes that cover a place the one wins whose end is nearest. The step is that of the place when it lies within the episode,
 * else 0: somebody who clicks a return wants to see the episode from its start.
 *
 * With `num_envs` environments side by side the global step grows by that much a step of each, so an episode of `length` steps covers
 * `length * num_envs` global steps. The number is taken as one more than the largest `envIndex`.
 */
export function nearestEpisode(rows: EpisodeStarts, at: CurvePlace): EpisodeStep | null {
  let numEnvs = 1;
  for (const index of rows.envIndex) if (index + 1 > numEnvs) numEnvs = index + 1;
  let best: EpisodeStep | null = null;
  let bestToEnd = Infinity;
  for (let row = 0; row < rows.episode.length; row += 1) {
    if (rows.recorded[row] !== 1) continue;
    const byEpisode = at.axis === 'episode';
    const start = byEpisode ? rows.episode[row] : rows.globalStep[row];
    const end = byEpisode ? start : start + rows.length[row] * numEnvs;
    const distance = Math.max(0, start - at.value, at.value - end);
    const toEnd = Math.abs(end - at.value);
    if (best && (distance > best.distance || (distance === best.distance && toEnd >= bestToEnd))) continue;
    const step = Math.floor((at.value - start) / numEnvs);
    const within = !byEpisode && step > 0 && step < rows.length[row] - 1;
    best = { episode: rows.episode[row], step: within ? step : 0, distance };
    bestToEnd = toEnd;
  }
  return best;
}

/** The nearest of what several runs have; of two equally near, the first. Null when none has any. */
export function nearestOf<Found extends EpisodeStep>(all: readonly (Found | null)[]): Found | null {
  return all.reduce((best, one) => (one && (!best || one.distance < best.distance) ? one : best), null);
}
