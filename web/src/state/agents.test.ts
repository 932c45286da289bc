import { expect, it } from 'vitest';

import { episodeTable } from '../../testing/episode_table';
import { matchOf } from './agents';

it('finds the episodes of the agents of one match', () => {
  const table = episodeTable(
    [
      { episode: 0, agent: 'a', extra: { match: 0 }, globalStep: 0 },
      { episode: 1, agent: 'b', extra: { match: 0 }, globalStep: 0 },
      // Evaluated beside it, with matches of its own.
      { episode: 2, agent: 'a', extra: { match: 0 }, globalStep: 0, evaluation: 1 },
      { episode: 3, agent: 'b', extra: { match: 1 }, globalStep: 9 },
      { episode: 4, agent: 'a', extra: { match: 1 }, globalStep: 9, recorded: 0 },
      { episode: 5, extra: { match: 1 }, globalStep: 9 },
      { episode: 6, agent: 'a' },
    ].map((row) => ({ recorded: 1, ...row })),
  );
  expect(matchOf(table, 1)).toEqual([
    { agent: 'a', episode: 0 },
    { agent: 'b', episode: 1 },
  ]);
  expect(matchOf(table, 2)).toEqual([{ agent: 'a', episode: 2 }]);
  expect(matchOf(table, 3)).toEqual([{ agent: 'b', episode: 3 }]);
  for (const lone of [5, 6, 99]) expect(matchOf(table, lone)).toEqual([]);
  // Which of two belongs to whom is not known.
  const twice = episodeTable(
    [0, 1].map((episode) => ({ episode, agent: 'a', extra: { match: 0 }, globalStep: 0, recorded: 1 })),
  );
  expect(matchOf(twice, 0)).toEqual([]);
});
