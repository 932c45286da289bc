import { describe, expect, test } from 'vitest';

import { fpsOf, loopWithin, parsePlay, patchOfPlay, type PlaySpec } from './play_spec';

const read = (params: Record<string, string>) => parsePlay((name) => params[name] ?? null);

describe('how an episode is played, in the address', () => {
  const DEFAULT: PlaySpec = { fps: null, speed: 1, direction: 1, loop: null, autoplay: false, follow: false };

  test('an address that says nothing means the defaults, and the defaults say nothing', () => {
    expect(read({})).toEqual(DEFAULT);
    expect(Object.values(patchOfPlay(DEFAULT)).every((value) => value === null)).toBe(true);
  });

  test.each<Partial<PlaySpec>>([
    { fps: 1 },
    { fps: 120 },
    { fps: 23.5 },
    { speed: 0.25 },
    { speed: 8 },
    { direction: -1 },
    { loop: 'all' },
    { loop: [3, 400] },
    { autoplay: true },
    { follow: true },
    { fps: 60, speed: 2, direction: -1, loop: [0, 9], autoplay: true },
  ])('%j is read as it was written', (change) => {
    const patch = patchOfPlay(change);
    const said = Object.entries(patch).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    expect(read(Object.fromEntries(said) as Record<string, string>)).toEqual({ ...DEFAULT, ...change });
  });

  test.each<Record<string, string>>([
    { fps: '0' },
    { fps: '121' },
    { fps: 'NaN' },
    { speed: '3' },
    { speed: '' },
    { loop: '9-9' },
    { loop: '9-3' },
    { loop: '-3-5' },
    { loop: 'x' },
    { reverse: 'yes' },
  ])('%j is not understood and changes nothing', (params) => {
    expect(read(params)).toEqual(DEFAULT);
  });

  test('what is typed becomes what can be', () => {
    expect([0, 0.4, 59.94, 1e9].map(fpsOf)).toEqual([1, 1, 59.9, 120]);
  });

  test('a loop is cut to the episode', () => {
    expect(loopWithin('all', 99)).toEqual([0, 99]);
    expect(loopWithin([10, 500], 99)).toEqual([10, 99]);
    expect(loopWithin([99, 500], 99)).toBeNull();
    expect(loopWithin(null, 99)).toBeNull();
  });
});
