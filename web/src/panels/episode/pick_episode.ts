import type { EpisodeTable } from '../../state/episode_tables';

/** Which of the recorded episodes is meant: the newest, or the one with the best or the worst return. */
export type Which = 'latest' | 'best' | 'worst';

/**
 * The episode that is meant; null when none was recorded. The best and the worst are looked for among those that ended: one that goes
 * on may still become either.
 */
export function pickEpisode(table: EpisodeTable, which: Which): number | null {
  let found = -1;
  for (let row = 0; row < table.episode.length; row += 1) {
    if (table.recorded[row] !== 1) continue;
    if (which === 'latest') {
      found = row;
      continue;
    }
    const value = table.episodeReturn[row];
    if (table.ended[row] !== 1 || !Number.isFinite(value)) continue;
    const best = found < 0 ? NaN : table.episodeReturn[found];
    if (found < 0 || (which === 'best' ? value > best : value < best)) found = row;
  }
  return found < 0 ? null : table.episode[found];
}
