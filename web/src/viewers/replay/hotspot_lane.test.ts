import { describe, expect, it } from 'vitest';

import type { Hotspot } from '../../api/wire';
import { placeOf, spotAt, stepsOf } from './hotspot_lane';

const spot = (from: number, to = from): Hotspot => ({ from, to, title: '', note: '' });

describe('hotspots on the lane', () => {
  it('lie where the curves have their steps', () => {
    expect(placeOf(spot(0, 100), 100)).toEqual({ left: 0, width: 1, beyond: false });
    expect(placeOf(spot(25, 75), 100)).toEqual({ left: 0.25, width: 0.5, beyond: false });
    expect(placeOf(spot(100), 100)).toEqual({ left: 1, width: 0, beyond: false });
  });

  it('stay on the lane when the episode is shorter', () => {
    expect(placeOf(spot(90, 500), 100)).toMatchObject({ left: 0.9, beyond: false });
    expect(placeOf(spot(200, 500), 100)).toEqual({ left: 1, width: 0, beyond: true });
    expect(placeOf(spot(3), 0)).toEqual({ left: 0, width: 0, beyond: true });
  });

  it('answer for a step by the shortest that holds it', () => {
    const spots = [spot(0, 100), spot(10, 20), spot(15), spot(90, 95)];
    expect([0, 12, 15, 21, 95, 101].map((step) => spotAt(spots, step))).toEqual([0, 1, 2, 0, 3, -1]);
    expect(spotAt([], 3)).toBe(-1);
  });

  it('are told in words', () => {
    expect(stepsOf(spot(3))).toBe('step 3');
    expect(stepsOf(spot(3, 9))).toBe('steps 3 to 9');
  });
});
