import { expect, it } from 'vitest';

import { ENDS } from './episode_tables';
import { standingOf, STANDING_WORDS, STANDINGS } from './episode_ends';

it('an episode that did not end is live while its run goes on, and unfinished after that', () => {
  expect(ENDS.map((end) => STANDING_WORDS[standingOf(end, true)].short)).toEqual([
    'live',
    'terminated',
    'truncated',
    'both',
    'ended',
  ]);
  expect(ENDS.map((end) => STANDING_WORDS[standingOf(end, false)].text)).toEqual([
    'unfinished',
    'terminated',
    'truncated',
    'terminated + truncated',
    'ended',
  ]);
  expect(new Set(STANDINGS)).toEqual(new Set(Object.keys(STANDING_WORDS)));
});
