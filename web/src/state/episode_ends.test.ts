import { expect, it } from 'vitest';

import { ENDS } from './episode_tables';
import { countStandings, isOpen, standingOf, STANDING_WORDS, STANDINGS } from './episode_ends';

it('an episode that did not end is live while its run goes on, and unfinished after that', () => {
  const words = (isRunning: boolean) =>
    ENDS.map((end) => STANDING_WORDS[standingOf({ end, ended_us: null }, isRunning)]);
  expect(words(true).map(({ short }) => short)).toEqual(['live', 'terminated', 'truncated', 'both', 'ended']);
  expect(words(false).map(({ text }) => text)).toEqual([
    'unfinished',
    'terminated',
    'truncated',
    'terminated + truncated',
    'ended',
  ]);
  expect(new Set(STANDINGS)).toEqual(new Set(Object.keys(STANDING_WORDS)));
});

it('an open episode with a time at which it ended was left by a process that is gone', () => {
  const left = { end: 'open', ended_us: 5 } as const;
  expect([isOpen(left), isOpen({ end: 'open', ended_us: null })]).toEqual([false, true]);
  expect(standingOf(left, true)).toBe('unfinished');
  const ends = { open: 3, terminated: 7 };
  expect(countStandings(ends, 2, true)).toEqual([
    ['live', 1],
    ['terminated', 7],
    ['unfinished', 2],
  ]);
  expect(countStandings(ends, 0, false)).toEqual([
    ['terminated', 7],
    ['unfinished', 3],
  ]);
  expect(countStandings({ truncated: 1 }, 0, true)).toEqual([['truncated', 1]]);
});
