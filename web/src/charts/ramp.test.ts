import { expect, it } from 'vitest';

import { colourIndex, ramp, rgbOf } from './ramp';

it('goes from one colour to the other', () => {
  const colours = ramp(rgbOf('#ffffff'), rgbOf('#0b6660'));
  expect([...colours.slice(0, 3)]).toEqual([255, 255, 255]);
  expect([...colours.slice(-3)]).toEqual([11, 102, 96]);
});

it('reads colours as they are written and as builds shorten them', () => {
  expect(['#0b6660', '#fff', ' #1aF ', 'red'].map(rgbOf)).toEqual([
    [11, 102, 96],
    [255, 255, 255],
    [17, 170, 255],
    [0, 0, 0],
  ]);
});

it('places values, and nothing for what is no number', () => {
  const one = { low: 2, high: 4, diverging: false };
  expect([2, 3, 4, 9, -1].map((value) => colourIndex(one, value))).toEqual([0, 128, 255, 255, 0]);
  expect(colourIndex(one, NaN)).toBeNull();
  const two = { low: -1, high: 4, diverging: true };
  expect([0, 4, -4, -1].map((value) => colourIndex(two, value))).toEqual([0, 255, -255, -64]);
  expect(colourIndex({ low: 1, high: 1, diverging: false }, 1)).toBe(0);
});
