/** An episode of a run. */
export interface EpisodeOf {
  run: string;
  episode: number;
}

/**
 * The episode that the pointer or the keyboard is on, wherever that is: a row of a table, a dot, a point of a curve. All views of the page
 * bring it out; it is in no address, because it is gone when the pointer is.
 */
export class HoveredEpisode {
  /** Null while none is pointed at. */
  at = $state.raw<EpisodeOf | null>(null);

  /** The pointer came to an episode. */
  point(run: string, episode: number): void {
    if (this.at?.run !== run || this.at.episode !== episode) this.at = { run, episode };
  }

  /** The pointer left. */
  leave(): void {
    this.at = null;
  }
}
