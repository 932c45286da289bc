import { expect, it } from 'vitest';

import type { EpisodeTable } from '../../state/episode_tables';
import { pickEpisode } from './pick_episode';

function table(rows: [recorded: number, ended: number, episodeReturn: number][]): EpisodeTable {
  const column = (of: (row: [number, number, number], i: number) => number) => Float64Array.from(rows, of);
  return {
    episode: column((_, i) => i * 2),
    recorded: column(([recorded]) => recorded),
    ended: column(([, ended]) => ended),
    episodeReturn: column(([, , value]) => value),
  } as EpisodeTable;
}

it('picks among recorded episodes, the best and the worst among those that ended', () => {
  const rows = table([
    [1, 1, 5],
    [0, 1, 99],
    [1, 1, -3],
    [1, 1, NaN],
    [1, 0, 50],
  ]);
  expect(pickEpisode(rows, 'latest')).toBe(8);
  expect(pickEpisode(rows, 'best')).toBe(0);
  expect(pickEpisode(rows, 'worst')).toBe(4);
  expect(pickEpisode(table([[0, 1, 1]]), 'latest')).toBeNull();
});
