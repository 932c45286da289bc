import { expect, it } from 'vitest';

import { ago, compactCount, duration, exactCount, MISSING, value } from './format';

it.each([
  [0, '0'],
  [950, '950'],
  [9500, '9,500'],
  [12_345, '12.3k'],
  [999_960, '1M'],
  [1_250_000, '1.25M'],
  [40e6, '40M'],
  [-25_000, '-25k'],
  [1.5, '1.5'],
  [null, MISSING],
  [NaN, MISSING],
])('counts %d as %s', (count, text) => expect(compactCount(count)).toBe(text));

it.each([
  [0, '0'],
  [-14.2345, '−14.23'],
  [0.00123456, '0.001235'],
  [0.5, '0.5'],
  [123456, '123456'],
  [3.14159e-7, '3.14e−7'],
  [2.5e9, '2.5e9'],
  [NaN, 'NaN'],
  [-Infinity, '−∞'],
  [undefined, MISSING],
])('writes %d as %s', (number, text) => expect(value(number)).toBe(text));

it.each([
  [0, '0 s'],
  [0.25, '0.25 s'],
  [59.6, '1 min'],
  [185, '3 min 5 s'],
  [3600, '1 h'],
  [8040, '2 h 14 min'],
  [442_800, '5 d 3 h'],
  [-30, '−30 s'],
])('lasts %d s: %s', (seconds, text) => expect(duration(seconds)).toBe(text));

it('says how long ago, and nothing of what never was', () => {
  const now = 1e15;
  const at = (seconds: number) => ago(now - seconds * 1e6, now);
  expect([at(-5), at(10), at(50), at(130), at(7300), at(90_000), at(4e7)]).toEqual([
    'now',
    'now',
    '1 min ago',
    '2 min ago',
    '2 h ago',
    '1 d ago',
    '1 y ago',
  ]);
  expect([ago(null, now), exactCount(1234567), exactCount(null)]).toEqual([MISSING, '1,234,567', MISSING]);
});
