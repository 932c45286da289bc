import { describe, expect, it } from 'vitest';

import { align, isOn, overTicks, stepAt, tickOf } from './alignment';

const steps = (alignment: ReturnType<typeof align>, tick: number) =>
  alignment.tracks.map((track) => stepAt(track, tick));

describe('align', () => {
  it('starts all at once without anchors, and lasts as long as the longest', () => {
    const alignment = align([
      { count: 10, anchor: 0, rate: 1 },
      { count: 4, anchor: 0, rate: 1 },
    ]);
    expect(alignment.count).toBe(10);
    expect(steps(alignment, 3)).toEqual([3, 3]);
    expect(alignment.tracks.map((track) => isOn(track, 5))).toEqual([true, false]);
  });

  it('passes anchors at the same tick; what has the earlier anchor waits', () => {
    const alignment = align([
      { count: 100, anchor: 40, rate: 1 },
      { count: 100, anchor: 10, rate: 1 },
    ]);
    expect(steps(alignment, 40)).toEqual([40, 10]);
    expect(steps(alignment, 0)).toEqual([0, -30]);
    expect(alignment.count).toBe(130);
  });

  it('takes an offset by hand as an anchor, negative too', () => {
    const alignment = align([
      { count: 10, anchor: 0, rate: 1 },
      { count: 10, anchor: -3, rate: 1 },
    ]);
    expect(steps(alignment, 3)).toEqual([3, 0]);
  });

  it('runs at different rates by time', () => {
    const alignment = align([
      { count: 60, anchor: 0, rate: 1 },
      { count: 40, anchor: 0, rate: 1 / 3 },
    ]);
    expect([0, 1, 2, 3, 6, 30].map((tick) => steps(alignment, tick)[1])).toEqual([0, 0, 0, 1, 2, 10]);
    expect(alignment.count).toBe(118);
    for (let step = 0; step < 40; step += 1) {
      const track = alignment.tracks[1];
      expect(stepAt(track, tickOf(track, step))).toBe(step);
    }
  });

  it('holds one-step episodes and none at all', () => {
    expect(align([{ count: 1, anchor: 0, rate: 1 }]).count).toBe(1);
    expect(align([])).toEqual({ count: 0, tracks: [] });
  });
});

describe('overTicks', () => {
  it('is missing where the episode is not on', () => {
    const [track] = align([
      { count: 2, anchor: 0, rate: 1 },
      { count: 9, anchor: 1, rate: 1 },
    ]).tracks;
    expect([...overTicks(track, 4, (step) => [5, undefined][step])]).toEqual([NaN, 5, NaN, NaN]);
  });
});
