import { expect, it } from 'vitest';

import { episodeSet } from '../../testing/episode_table';

it('is the episodes of several runs one after the other', () => {
  const set = episodeSet(
    [{ episode: 0 }, { episode: 4, agent: 'left' }],
    [],
    [{ episode: 4, extra: { level: 2 } }],
  );
  expect(set.rows).toBe(3);
  expect([...set.column('episode')]).toEqual([0, 4, 4]);
  expect([...set.runOf]).toEqual([0, 0, 2]);
  expect(set.at(2)).toEqual({ run: 'c', episode: 4 });
  expect([set.agent(1), set.agent(2), set.extra(2)]).toEqual(['left', null, { level: 2 }]);
  expect(set.rowOf('a', 4)).toBe(1);
  expect(set.rowOf('c', 4)).toBe(2);
  expect([set.rowOf('a', 3), set.rowOf('b', 0), set.rowOf('nobody', 0)]).toEqual([null, null, null]);
});

it('shares the columns of a run that is alone', () => {
  const set = episodeSet([{ episodeReturn: -21 }]);
  expect(set.column('episodeReturn')).toBe(set.runs[0].table.episodeReturn);
  expect(episodeSet().rows).toBe(0);
});
