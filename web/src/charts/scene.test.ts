import { expect, it } from 'vitest';

import { between, facesOf, type Camera } from './scene';

const FRONT: Camera = { yaw: 0, pitch: 0, distance: 10, at: [0, 0, 0] };
const box = { middle: [0, 0, 0], sides: [2, 2, 2], colour: [100, 100, 100] } as const;

it('shows the one side that faces who looks, at its size', () => {
  const faces = facesOf([box], FRONT, 900);
  expect(faces).toHaveLength(1);
  // The near side is one unit nearer than the middle: 900 pixels a unit at a distance of 9.
  expect(faces[0]!.corners.map(([x, y]) => [Math.round(x), Math.round(y)])).toEqual([
    [-100, 100],
    [100, 100],
    [100, -100],
    [-100, -100],
  ]);
});

it('shows three sides from a corner, the farthest first', () => {
  const faces = facesOf([box], { ...FRONT, yaw: 0.5, pitch: 0.4 }, 900);
  expect(faces).toHaveLength(3);
  expect(faces.map(({ depth }) => depth)).toEqual(faces.map(({ depth }) => depth).toSorted((a, b) => b - a));
});

it('turns clockwise about a pivot', () => {
  const pole = {
    ...box,
    middle: [0, 1, 0],
    sides: [0.1, 2, 0.1],
    turn: Math.PI / 2,
    pivot: [0, 0, 0],
  } as const;
  const [face] = facesOf([pole], FRONT, 900);
  const xs = face!.corners.map(([x]) => x);
  expect(Math.min(...xs)).toBeCloseTo(0, 6);
  expect(Math.max(...xs)).toBeGreaterThan(150);
});

it('paints nothing that is behind who looks', () => {
  expect(facesOf([{ ...box, middle: [0, 0, 12] }], FRONT, 900)).toEqual([]);
});

it('mixes colours', () => expect(between([0, 0, 0], [100, 200, 50], 0.5)).toEqual([50, 100, 25]));
