import { describe, expect, it } from 'vitest';

import { nearestEpisode, type EpisodeStarts } from './nearest_episode';

type Row = { start: number; length: number; recorded?: boolean; env?: number };

function rows(...list: Row[]): EpisodeStarts {
  return {
    episode: Float64Array.from(list, (_, index) => index),
    globalStep: Float64Array.from(list, (row) => row.start),
    length: Float64Array.from(list, (row) => row.length),
    recorded: Float64Array.from(list, (row) => (row.recorded === false ? 0 : 1)),
    envIndex: Float64Array.from(list, (row) => row.env ?? 0),
  };
}

const at = (value: number) => ({ axis: 'global_step', value }) as const;

describe('nearestEpisode', () => {
  const three = rows({ start: 0, length: 100 }, { start: 100, length: 50 }, { start: 150, length: 10 });

  it.each([
    [40, { episode: 0, step: 40, distance: 0 }],
    [120, { episode: 1, step: 20, distance: 0 }],
    // Logged as an episode ended: that episode from its start, not the next one.
    [100, { episode: 0, step: 0, distance: 0 }],
    [150, { episode: 1, step: 0, distance: 0 }],
    [99, { episode: 0, step: 0, distance: 0 }],
    [0, { episode: 0, step: 0, distance: 0 }],
    [-5, { episode: 0, step: 0, distance: 5 }],
    [1000, { episode: 2, step: 0, distance: 840 }],
  ])('finds what was played at global step %d', (value, expected) => {
    expect(nearestEpisode(three, at(value))).toEqual(expected);
  });

  it('passes over episodes that were not recorded', () => {
    const sparse = rows(
      { start: 0, length: 10 },
      { start: 10, length: 10, recorded: false },
      { start: 20, length: 10, recorded: false },
      { start: 30, length: 10 },
    );
    expect(nearestEpisode(sparse, at(15))).toEqual({ episode: 0, step: 0, distance: 5 });
    expect(nearestEpisode(sparse, at(28))).toEqual({ episode: 3, step: 0, distance: 2 });
    expect(nearestEpisode(rows({ start: 0, length: 10, recorded: false }), at(5))).toBeNull();
    expect(nearestEpisode(rows(), at(5))).toBeNull();
  });

  it('counts the steps of environments side by side', () => {
    const four = rows(
      { start: 0, length: 25, env: 0 },
      { start: 0, length: 60, env: 3 },
      { start: 100, length: 200, env: 0 },
    );
    expect(nearestEpisode(four, at(40))).toEqual({ episode: 0, step: 10, distance: 0 });
    expect(nearestEpisode(four, at(180))).toEqual({ episode: 1, step: 45, distance: 0 });
  });

  it('goes by index on the axis of episodes', () => {
    const sparse = rows(
      { start: 0, length: 5 },
      { start: 5, length: 5, recorded: false },
      { start: 10, length: 5 },
    );
    expect(nearestEpisode(sparse, { axis: 'episode', value: 2 })).toEqual({
      episode: 2,
      step: 0,
      distance: 0,
    });
    expect(nearestEpisode(sparse, { axis: 'episode', value: 1.4 })?.episode).toBe(2);
  });
});
