import { expect, it } from 'vitest';

import { NO_SMOOTHING } from '../charts/smoothing';
import type { EpisodeTable } from '../state/episode_tables';
import { lineOf, pointsOfEpisodes, pointsOfGroup, stepRange, type Points } from './points';

function points(step: number[], timeS: number[], mean = step, count = 1): Points {
  const values = Float64Array.from(mean);
  return {
    step: Float64Array.from(step),
    timeUs: Float64Array.from(timeS, (time) => time * 1e6),
    count: new Uint32Array(step.length).fill(count),
    min: values,
    max: values,
    mean: values,
  };
}

const HALF = { kind: 'ema', weight: 0.5 } as const;
const style = {
  id: 'a',
  label: 'A',
  ink: { colour: 'red', dash: [] },
  startUs: 100e6,
  smoothing: NO_SMOOTHING,
} as const;

it('draws over steps, seconds of the clock, or seconds since the start', () => {
  const some = points([0, 10], [100, 160]);
  expect([...lineOf(some, { ...style, x: 'step' }).x]).toEqual([0, 10]);
  expect([...lineOf(some, { ...style, x: 'time' }).x]).toEqual([100, 160]);
  expect([...lineOf(some, { ...style, x: 'relative' }).x]).toEqual([0, 60]);
});

it('never goes back in time, though clocks do', () => {
  expect([...lineOf(points([0, 1, 2], [100, 50, 120]), { ...style, x: 'relative' }).x]).toEqual([0, 0, 20]);
});

it('draws a band only where points stand for several values, and smooths only when asked to', () => {
  expect(lineOf(points([0, 1], [0, 1]), { ...style, x: 'step' })).toMatchObject({
    low: null,
    high: null,
    smooth: null,
  });
  const line = lineOf(points([0, 1], [0, 1], [4, 2], 7), { ...style, x: 'step', smoothing: HALF });
  expect([line.low, line.smooth]).toEqual([Float64Array.of(4, 2), Float64Array.of(4, (0.5 * 2 + 1) / 0.75)]);
});

it('asks for a little more than is shown', () => {
  const whole = points([0, 100, 200, 300], [0, 10, 20, 30]);
  expect(stepRange([100, 200], 'step', whole, 0)).toEqual({ from: 80, to: 221 });
  // 8 s to 22 s lie between the points at 0 s and 30 s.
  expect(stepRange([10, 20], 'relative', whole, 0)).toEqual({ from: 0, to: 301 });
  expect(stepRange([21, 29], 'time', whole, 0)).toEqual({ from: 100, to: 301 });
  expect(stepRange([10, 20], 'time', points([], []), 0)).toEqual({ from: 0, to: 1 });
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

  const mixed = { ...table, evaluation: column(0, 1, 0, 1) };
  expect([...pointsOfEpisodes(mixed, 'episode_return', 10).mean]).toEqual([1, 3]);
  const evaluation = pointsOfEpisodes(mixed, 'evaluation_return', 10);
  expect([evaluation.scattered, [...evaluation.mean]]).toEqual([true, [2]]);
  expect(lineOf(evaluation, { ...style, x: 'step', smoothing: HALF }).smooth).toBeNull();
});

it('B-1: draws the interval of a group around the line, and around the smoothed line as wide as its own average', () => {
  const mean = Float64Array.of(2, 4, 6);
  const group: Points = {
    ...points([0, 1, 2], [0, 1, 2], [2, 4, 6], 3),
    mean,
    low: Float64Array.of(1, 2, NaN),
    high: Float64Array.of(3, 6, NaN),
  };
  const plain = lineOf(group, { ...style, x: 'step', note: 'n = 3' });
  expect(plain).toMatchObject({
    note: 'n = 3',
    interval: true,
    low: group.low,
    high: group.high,
    smooth: null,
  });
  const { low, high, smooth } = lineOf(group, { ...style, x: 'step', smoothing: HALF });
  // Half of the width is 1, then 2: (0.5·1·0.5 + 0.5·2) / 0.75.
  const half = [1, 1.25 / 0.75];
  for (const i of [0, 1]) {
    expect([low![i], high![i]]).toEqual([smooth![i] - half[i], smooth![i] + half[i]]);
  }
  expect([low![2], high![2]]).toEqual([NaN, NaN]);
  expect(lineOf(points([0], [0]), { ...style, x: 'step' }).interval).toBe(false);
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
  // sd √2, n 2.
  expect([...group.low!, ...group.high!].map((value) => value.toFixed(2))).toEqual([
    '0.04',
    '1.04',
    '3.96',
    '4.96',
  ]);
});
