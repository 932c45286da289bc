import { describe, expect, test } from 'vitest';

import { moved, parseTimeline, patchOfTimeline, windowFor } from './timeline_spec';

const read = (params: Record<string, string>) => parseTimeline((name) => params[name] ?? null);

describe('the curves over the steps, in the address', () => {
  test('an address that says nothing has the usual curves, and a trend of the reward', () => {
    expect(read({})).toEqual({ tracks: null, trends: ['reward'], window: null });
  });

  test('none is something else than the usual', () => {
    expect(read({ tracks: '', trend: '' })).toEqual({ tracks: [], trends: [], window: null });
    expect(patchOfTimeline({ tracks: [], trends: [] }, ['reward'])).toEqual({ tracks: '', trend: '' });
  });

  test('what is usual is left out', () => {
    expect(patchOfTimeline({ tracks: ['reward', 'value'] }, ['reward', 'value'])).toEqual({ tracks: null });
    expect(patchOfTimeline({ tracks: ['value', 'reward'] }, ['reward', 'value'])).toEqual({
      tracks: 'value,reward',
    });
    expect(patchOfTimeline({ trends: ['reward'], window: null }, [])).toEqual({ trend: null, window: null });
  });

  test('a curve stands once, and a window is one of those offered', () => {
    expect(read({ tracks: 'value,value,entropy', window: '7' })).toEqual({
      tracks: ['value', 'entropy'],
      trends: ['reward'],
      window: null,
    });
    expect(read({ window: '200' }).window).toBe(200);
  });

  test.each([
    [10, 5],
    [200, 10],
    [2500, 100],
    [1e6, 1000],
  ])('an episode of %i steps is averaged over %i', (count, window) => {
    expect(windowFor(count)).toBe(window);
  });

  test('a curve moves up and down, and no further', () => {
    expect(moved(['a', 'b', 'c'], 'a', 1)).toEqual(['b', 'a', 'c']);
    expect(moved(['a', 'b', 'c'], 'c', -2)).toEqual(['c', 'a', 'b']);
    expect(moved(['a', 'b', 'c'], 'a', -1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 'c', 9)).toEqual(['a', 'b', 'c']);
  });
});
