import { expect, it } from 'vitest';

import type { EpisodeTable } from '../state/episode_tables';
import { NO_POINTS, pointsOfEpisodes, pointsOfGroup, stepRange, type Points } from './points';
import { xOf } from './x_place';

function points(step: number[], timeS: number[]): Points {
  return {
    ...NO_POINTS,
    step: Float64Array.from(step),
    timeUs: Float64Array.from(timeS, (time) => time * 1e6),
  };
}

it('lies over steps, seconds of the clock, seconds since the start, or episodes', () => {
  const some = points([0, 10], [100, 160]);
  const place = { startUs: 100e6, starts: null };
  expect([...xOf(some, { ...place, kind: 'step' })]).toEqual([0, 10]);
  expect([...xOf(some, { ...place, kind: 'time' })]).toEqual([100, 160]);
  expect([...xOf(some, { ...place, kind: 'relative' })]).toEqual([0, 60]);
  expect([...xOf(some, { ...place, kind: 'episode' })]).toEqual([0, 10]);
  const starts = [Float64Array.of(0, 4, 10)];
  expect([...xOf(points([0, 3, 4, 9, 99], []), { kind: 'episode', startUs: 0, starts })]).toEqual([
    0, 0, 1, 1, 2,
  ]);
  // Of a group, the mean over its runs.
  const both = [...starts, Float64Array.of(0, 100)];
  expect([...xOf(points([3, 99], []), { kind: 'episode', startUs: 0, starts: both })]).toEqual([0, 1]);
});

it('never goes back in time, though clocks do', () => {
  const place = { kind: 'relative', startUs: 100e6, starts: null } as const;
  expect([...xOf(points([0, 1, 2], [100, 50, 120]), place)]).toEqual([0, 0, 20]);
});

it('asks for the steps that cover a range', () => {
  const whole = points([0, 100, 200, 300], [0, 10, 20, 30]);
  const at = (kind: 'step' | 'relative' | 'time') => ({ kind, startUs: 0, starts: null });
  expect(stepRange([100, 200], at('step'), whole)).toEqual({ from: 100, to: 201 });
  // 8 s to 22 s lie between the points at 0 s and 30 s.
  expect(stepRange([8, 22], at('relative'), whole)).toEqual({ from: 0, to: 301 });
  expect(stepRange([19, 29], at('time'), whole)).toEqual({ from: 100, to: 301 });
  expect(stepRange([10, 20], at('time'), points([], []))).toEqual({ from: 0, to: 1 });
});

it('draws the episodes that have ended in the order in which they started', () => {
  const column = (...values: number[]) => Float64Array.from(values);
  const table: EpisodeTable = {
    episode: column(0, 1, 2, 3),
    globalStep: column(0, 20, 10, 30),
    length: column(5, 6, 7, 8),
    recorded: column(1, 0, 0, 0),
    envIndex: column(0, 1, 0, 1),
    episodeReturn: column(1, 2, 3, 4),
    startedUs: column(100, 200, 300, 400),
    ended: column(1, 1, 1, 0),
    evaluation: column(0, 0, 0, 0),
  };
  const curve = pointsOfEpisodes(table, 'episode_return', 10);
  expect([[...curve.step], [...curve.mean], [...curve.timeUs]]).toEqual([
    [0, 10, 20],
    [1, 3, 2],
    [100, 300, 200],
  ]);
  expect([...pointsOfEpisodes(table, 'length', 10).mean]).toEqual([5, 7, 6]);

  const filmed = { ...table, length: column(5, 7, 0, 6), episodeReturn: column(1, 2, NaN, 3) };
  expect(pointsOfEpisodes(filmed, 'length', 10).total, 'the third is there for its film alone').toBe(
    pointsOfEpisodes(table, 'length', 10).total - 1,
  );

  const mixed = { ...table, evaluation: column(0, 1, 0, 1) };
  expect([...pointsOfEpisodes(mixed, 'episode_return', 10).mean]).toEqual([1, 3]);
  const evaluation = pointsOfEpisodes(mixed, 'evaluation_return', 10);
  expect([evaluation.scattered, [...evaluation.mean]]).toEqual([true, [2]]);
});

it('B-1: the episodes of a group are one curve, in time as if all runs had started together', () => {
  const table = (startedUs: number, returns: number[]): EpisodeTable => {
    const column = (of: (i: number) => number) => Float64Array.from(returns, (_, i) => of(i));
    return {
      episode: column((i) => i),
      globalStep: column((i) => 100 * i),
      length: column(() => 100),
      recorded: column(() => 0),
      envIndex: column(() => 0),
      episodeReturn: Float64Array.from(returns),
      startedUs: column((i) => startedUs + i),
      ended: column(() => 1),
      evaluation: column(() => 0),
    };
  };
  const runs = [
    { table: table(1000, [1, 2]), startUs: 1000 },
    { table: table(9000, [3, 4]), startUs: 9000 },
  ];
  const group = pointsOfGroup(runs, 'episode_return', 100, 1000);
  expect([[...group.step], [...group.mean], [...group.count], [...group.timeUs]]).toEqual([
    [0, 100],
    [2, 3],
    [2, 2],
    [1000, 1001],
  ]);
  // sd √2, n 2: Student's t with one degree of freedom is 12.706.
  expect([...group.low!, ...group.high!].map((value) => value.toFixed(2))).toEqual([
    '-10.71',
    '-9.71',
    '14.71',
    '15.71',
  ]);
});
