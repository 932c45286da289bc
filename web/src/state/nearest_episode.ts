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

/**
 * The recorded episode nearest to a place on an axis; null when none was recorded. Of several equally near, the one that started last.
 *
 * With `num_envs` environments side by side the global step grows by that much a step of each, so an episode of `length` steps covers
 * `length * num_envs` global steps. The number is taken as one more than the largest `envIndex`.
 */
export function nearestEpisode(
  rows: EpisodeStarts,
  at: { axis: 'global_step' | 'episode'; value: number },
): EpisodeStep | null {
  let numEnvs = 1;
  for (const index of rows.envIndex) if (index + 1 > numEnvs) numEnvs = index + 1;
  let best: EpisodeStep | null = null;
  let bestStart = -Infinity;
  for (let row = 0; row < rows.episode.length; row += 1) {
    if (rows.recorded[row] !== 1) continue;
    const start = at.axis === 'episode' ? rows.episode[row] : rows.globalStep[row];
    const covers = at.axis === 'episode' ? 0 : rows.length[row] * numEnvs;
    const distance = Math.max(0, start - at.value, at.value - start - covers);
    if (best && (distance > best.distance || (distance === best.distance && start < bestStart))) continue;
    const step = at.axis === 'episode' ? 0 : (at.value - start) / numEnvs;
    const lastStep = Math.max(0, rows.length[row] - 1);
    best = { episode: rows.episode[row], step: Math.floor(Math.min(Math.max(0, step), lastStep)), distance };
    bestStart = start;
  }
  return best;
}
