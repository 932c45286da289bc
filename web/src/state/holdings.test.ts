import { expect, it } from 'vitest';

import { runSummary } from '../../testing/run_summary';
import { hasWatchable, holdingsOf } from './holdings';

it.each([
  [{ recorded: 2, filmed: null, episodes: 9 }, true, ['recording']],
  [{ recorded: 0, filmed: 3, episodes: 9, checkpoints: 1 }, true, ['film', 'checkpoint']],
  [{ recorded: 0, filmed: 0, episodes: 9, checkpoints: 0 }, false, []],
  [{ recorded: 0, filmed: null, episodes: 9, checkpoints: null }, null, []],
  [{ recorded: 0, filmed: null, episodes: 0 }, false, []],
] as const)('%o', (over, watchable, words) => {
  const run = runSummary({ id: 'a', ...over });
  expect(hasWatchable(run)).toBe(watchable);
  expect(holdingsOf(run)).toEqual(words);
});
