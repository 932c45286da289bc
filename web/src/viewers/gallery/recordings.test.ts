import { describe, expect, it } from 'vitest';

import {
  gridOf,
  newestFirst,
  passing,
  picked,
  progressFor,
  recordingsOf,
  type Choice,
  type RecordedRows,
  type Recording,
} from './recordings';

const ALL: Choice = { kind: 'all', every: 1, pick: 'all' };

function recording(over: Partial<Recording> & { episode: number }): Recording {
  return {
    run: 'a',
    globalStep: over.episode * 100,
    length: 10,
    episodeReturn: over.episode,
    startedUs: over.episode,
    evaluation: false,
    ended: true,
    filmOnly: false,
    ...over,
  };
}
const series = (count: number, over: Partial<Recording> = {}) =>
  Array.from({ length: count }, (_, episode) => recording({ episode, ...over }));
const episodes = (recordings: readonly Recording[]) => recordings.map(({ episode }) => episode);

describe('recordingsOf', () => {
  it('takes the recorded rows in order of training', () => {
    const table = {
      episode: Float64Array.of(0, 1, 2),
      globalStep: Float64Array.of(50, 20, 10),
      length: Float64Array.of(5, 6, 7),
      recorded: Float64Array.of(1, 0, 1),
      envIndex: Float64Array.of(0, 0, 0),
      extra: [null, null, null],
      episodeReturn: Float64Array.of(1, 2, NaN),
      startedUs: Float64Array.of(1, 2, 3),
      ended: Float64Array.of(1, 1, 0),
      evaluation: Float64Array.of(0, 0, 1),
    } satisfies RecordedRows;
    const found = recordingsOf('r', table);
    expect(episodes(found)).toEqual([2, 0]);
    expect(found[0]).toMatchObject({ run: 'r', length: 7, evaluation: true, ended: false });
    expect(found[0].episodeReturn).toBeNaN();
    expect(found.some(({ filmOnly }) => filmOnly)).toBe(false);
    const extra: RecordedRows['extra'] = [
      { video_blob: 'ab' },
      { video_blob: 'cd', video: 'rl-video-episode-1.mp4' },
      { mood: 'good' },
    ];
    const filmed = recordingsOf('r', { ...table, extra });
    expect(episodes(filmed)).toEqual([2, 1, 0]);
    expect(filmed.map(({ filmOnly }) => filmOnly)).toEqual([false, true, false]);
  });
});

describe('passing', () => {
  it.each([
    [1, [0, 1, 2, 3, 4]],
    [2, [0, 2, 4]],
    [3, [1, 4]],
    [99, [4]],
    [0, [0, 1, 2, 3, 4]],
  ])('every %d keeps the newest', (every, expected) => {
    expect(episodes(passing(series(5), { ...ALL, every }))).toEqual(expected);
  });

  it('counts only those of the kind', () => {
    const mixed = series(6).map((one, i) => ({ ...one, evaluation: i % 2 === 0 }));
    expect(episodes(passing(mixed, { ...ALL, kind: 'evaluation', every: 2 }))).toEqual([0, 4]);
    expect(episodes(passing(mixed, { ...ALL, kind: 'training' }))).toEqual([1, 3, 5]);
  });
});

describe('picked', () => {
  const four = [3, NaN, 9, 1].map((episodeReturn, episode) => recording({ episode, episodeReturn }));
  it.each([
    ['all', [0, 1, 2, 3]],
    ['newest', [3]],
    ['best', [2]],
    ['median', [0]],
    ['worst', [3]],
  ] as const)('%s', (pick, expected) => {
    expect(episodes(picked(four, pick))).toEqual(expected);
  });

  it('shows the newest where no return is known', () => {
    expect(episodes(picked(series(3, { episodeReturn: NaN }), 'best'))).toEqual([2]);
  });
});

describe('gridOf', () => {
  it('has a column for each place while there are few', () => {
    const grid = gridOf([series(3)], ALL, 'steps', 5);
    expect(grid.stretches).toEqual([0, 100, 200].map((place) => ({ from: place, to: place })));
    expect(grid.rows[0].cells.map(episodes)).toEqual([[0], [1], [2]]);
  });

  it('puts many places into stretches of about as many each, and picks in each', () => {
    const cubic = [0, 1, 8, 27, 64, 125, 216].map((episode) => recording({ episode }));
    const grid = gridOf([cubic], { ...ALL, pick: 'best' }, 'steps', 3);
    expect(grid.stretches).toEqual([
      { from: 0, to: 100 },
      { from: 800, to: 6400 },
      { from: 12500, to: 21600 },
    ]);
    expect(grid.rows[0].cells.map(episodes)).toEqual([[1], [64], [216]]);
  });

  it('puts runs of different length side by side by their share of training', () => {
    const long = [0, 1, 2].map((episode) => recording({ run: 'b', episode, globalStep: episode * 1e6 }));
    const runs = [series(3), long];
    expect(progressFor(runs)).toBe('share');
    const grid = gridOf(runs, ALL, 'share', 5);
    expect(grid.stretches.map(({ from }) => from)).toEqual([0, 0.5, 1]);
    expect(grid.rows.map(({ cells }) => cells.map(episodes))).toEqual([
      [[0], [1], [2]],
      [[0], [1], [2]],
    ]);
  });

  it('lays films alone out by episode, and nothing else', () => {
    const films = series(3, { globalStep: 0, length: 0, filmOnly: true });
    expect(progressFor([films, []])).toBe('episodes');
    expect(gridOf([films], ALL, 'episodes', 5).stretches.map(({ from }) => from)).toEqual([0, 1, 2]);
    expect(progressFor([films, series(3)])).toBe('steps');
    expect(progressFor([])).toBe('steps');
  });

  it('leaves out runs of which nothing passes', () => {
    expect(gridOf([series(2), []], { ...ALL, kind: 'evaluation' }, 'steps', 3)).toEqual({
      stretches: [],
      rows: [],
    });
  });

  it('holds one stretch when all were recorded at one place', () => {
    const same = series(4, { globalStep: 0 });
    const grid = gridOf([same], ALL, 'share', 3);
    expect(grid.stretches).toHaveLength(1);
    expect(episodes(newestFirst(grid))).toEqual([3, 2, 1, 0]);
  });
});
