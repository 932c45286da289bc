import { expect, it } from 'vitest';

import { ema, NO_SMOOTHING, rollingMean } from '../charts/smoothing';
import { lineOf } from './line_of';
import { NO_POINTS, type Points } from './points';

const HALF = { kind: 'ema', weight: 0.5 } as const;
const style = {
  id: 'a',
  label: 'A',
  ink: { colour: 'red', dash: [] },
  x: { kind: 'step', startUs: 0, starts: null },
  smoothing: NO_SMOOTHING,
} as const;

function points(step: number[], mean: number[], count = 1, total = step.length): Points {
  const values = Float64Array.from(mean);
  return {
    ...NO_POINTS,
    step: Float64Array.from(step),
    timeUs: Float64Array.from(step),
    count: new Uint32Array(step.length).fill(count),
    min: values,
    max: values,
    mean: values,
    last: values,
    notFinite: new Uint32Array(step.length),
    total,
    extent: [step[0], step[step.length - 1]],
  };
}

it('draws a band only where points stand for several values, and smooths only when asked to', () => {
  expect(lineOf(points([0, 1], [0, 1]), style)).toMatchObject({ low: null, high: null, smooth: null });
  const line = lineOf(points([0, 1], [4, 2], 7), style);
  expect([line.low, line.smooth]).toEqual([Float64Array.of(4, 2), null]);
  expect(lineOf({ ...points([0], [1]), scattered: true }, { ...style, smoothing: HALF }).smooth).toBeNull();
});

it('A-15: a part of a curve goes on from what was before it, as in the whole curve', () => {
  const n = 400;
  const steps = Array.from({ length: n }, (_, i) => i * 3);
  const values = steps.map((step) => Math.sin(step / 20) + (step % 7));
  const whole = points(steps, values);
  const from = 150;
  const part = { ...points(steps.slice(from, 200), values.slice(from, 200), 1, n), whole };
  for (const smoothing of [
    { kind: 'ema', weight: 0.9 },
    { kind: 'rolling', points: 25 },
  ] as const) {
    const all = lineOf(whole, { ...style, smoothing }).smooth!;
    const zoomed = lineOf(part, { ...style, smoothing }).smooth!;
    zoomed.forEach((value, i) => expect(value).toBeCloseTo(all[from + i], 12));
  }
});

it('A-15: a curve of many points is smoothed alike however finely it is drawn', () => {
  const n = 100_000;
  const values = Float64Array.from({ length: n }, (_, i) => Math.sin(i / 9000));
  const bucketed = (width: number) => {
    const steps = Array.from({ length: n / width }, (_, i) => (i + 1) * width - 1);
    const means = steps.map((last) => {
      const some = values.subarray(last - width + 1, last + 1);
      return some.reduce((sum, value) => sum + value, 0) / width;
    });
    return points(steps, means, width, n);
  };
  const smoothing = { kind: 'ema', weight: 0.95 } as const;
  const coarse = lineOf(bucketed(400), { ...style, smoothing }).smooth!;
  const fine = lineOf(bucketed(50), { ...style, smoothing }).smooth!;
  coarse.forEach((value, i) => expect(Math.abs(value - fine[(i + 1) * 8 - 1])).toBeLessThan(0.03));
  // As TensorBoard, which would draw 1,000 of the points.
  const sampled = ema(bucketed(100).mean, 0.95);
  fine.forEach((value, i) => expect(Math.abs(value - sampled[Math.floor(i / 2)])).toBeLessThan(0.02));
});

it('counts logged points in a rolling mean, whatever the buckets', () => {
  const smooth = lineOf(points([9, 19, 29], [1, 4, 7], 10, 30), {
    ...style,
    smoothing: { kind: 'rolling', points: 15 },
  }).smooth!;
  const each = [1, 4, 7].flatMap((value) => Array<number>(10).fill(value));
  const exact = rollingMean(Float64Array.from(each), 15);
  expect([...smooth]).toEqual([exact[9], exact[19], exact[29]]);
});

it('B-1: draws the interval of a group around the line, and around the smoothed line as wide as its own average', () => {
  const group: Points = {
    ...points([0, 1, 2], [2, 4, 6], 3, 9),
    notFinite: null,
    low: Float64Array.of(1, 2, NaN),
    high: Float64Array.of(3, 6, NaN),
  };
  expect(lineOf(group, { ...style, note: 'n = 3' })).toMatchObject({
    note: 'n = 3',
    interval: true,
    low: group.low,
    high: group.high,
    smooth: null,
  });
  const { low, high, smooth } = lineOf(group, { ...style, smoothing: HALF });
  // Half of the width is 1, then 2: (0.5·1·0.5 + 0.5·2) / 0.75.
  const half = [1, 1.25 / 0.75];
  for (const i of [0, 1]) {
    expect([low![i], high![i]]).toEqual([smooth![i] - half[i], smooth![i] + half[i]]);
  }
  expect([low![2], high![2]]).toEqual([NaN, NaN]);
  expect(lineOf(points([0], [0]), style).interval).toBe(false);
});

it('says where something was logged that is no number', () => {
  const odd: Points = {
    ...points([0, 1, 2, 3], [1, NaN, NaN, 2]),
    last: Float64Array.of(1, Infinity, NaN, -Infinity),
    notFinite: Uint32Array.of(0, 1, 2, 1),
  };
  expect(lineOf(odd, style).odd).toEqual({
    x: Float64Array.of(1, 2, 3),
    sign: Int8Array.of(1, 0, -1),
    count: Uint32Array.of(1, 2, 1),
  });
  expect(lineOf(points([0], [0]), style).odd).toBeUndefined();
});
