import { expect, it } from 'vitest';

import { logTick, ticksOfLog, ticksOfX, ticksOfY, xTicks, yTick } from './ticks';

it.each([
  [[0, 0.5, 1], 0.5, ['0', '0.5', '1.0']],
  [[0, 0.25, 0.5], 0.25, ['0', '0.25', '0.50']],
  [[-20, 0, 20], 20, ['−20', '0', '20']],
  [[0, 20_000, 40_000], 20_000, ['0', '20k', '40k']],
  [[1e-5, 2e-5], 1e-5, ['1e−5', '2e−5']],
])('labels %j by steps of %d', (ticks, step, labels) =>
  expect(ticks.map((tick) => yTick(tick, step))).toEqual(labels),
);

it('labels spans in the units that people use', () => {
  expect(xTicks('relative', [0, 30, 60, 90], 30)).toEqual(['0', '30 s', '1 min', '1 min 30 s']);
  expect(xTicks('relative', [0, 1800, 3600, 5400], 1800)).toEqual(['0', '30 min', '1 h', '1 h 30 min']);
  expect(xTicks('relative', [86_400 * 5], 86_400 * 5)).toEqual(['5 d']);
});

it('labels times of day by the clock and midnight by the date', () => {
  const noon = new Date(2026, 4, 3, 12).getTime() / 1000;
  expect(xTicks('time', [noon - 43_200, noon], 43_200)).toEqual(['05-03', '12:00']);
  expect(xTicks('time', [noon], 86_400)).toEqual(['05-03']);
  expect(xTicks('time', [noon + 5], 5)).toEqual(['12:00:05']);
});

it('labels steps in short', () =>
  expect(xTicks('step', [0, 5000, 2.5e6], 5000)).toEqual(['0', '5,000', '2.5M']));

it('labels logarithms', () =>
  expect([1e-5, 0.01, 1, 1000, 1e7].map(logTick)).toEqual(['1e−5', '0.01', '1', '1000', '10M']));

it('places ticks at round numbers, and steps at whole ones', () => {
  expect(ticksOfY([0, 1], 0.17).map(({ text }) => text)).toEqual(['0', '0.2', '0.4', '0.6', '0.8', '1.0']);
  expect(ticksOfY([-21, 21], 9).map(({ text }) => text)).toEqual(['−20', '−10', '0', '10', '20']);
  expect(ticksOfX('step', [0, 3], 0.2).map(({ value }) => value)).toEqual([0, 1, 2, 3]);
  expect(ticksOfX('relative', [0, 3600], 700).map(({ text }) => text)).toEqual([
    '0',
    '15 min',
    '30 min',
    '45 min',
    '1 h',
  ]);
  // Two hours ahead of UTC, midnight is at 22:00 there.
  expect(ticksOfX('time', [0, 86_400], 80_000, 7200).map(({ value }) => value)).toEqual([79_200]);
});

it('places logarithmic ticks at powers of ten, and between them where there is room', () => {
  expect(ticksOfLog([0.01, 1e4], 6).map(({ text }) => text)).toEqual([
    '0.01',
    '0.1',
    '1',
    '10',
    '100',
    '1000',
    '10k',
  ]);
  expect(ticksOfLog([1, 30], 6).map(({ value }) => value)).toEqual([1, 2, 5, 10, 20]);
  expect(ticksOfLog([3, 4], 4).length).toBeGreaterThan(1);
  expect(ticksOfLog([1e-12, 1e12], 5).length).toBeLessThan(8);
});
