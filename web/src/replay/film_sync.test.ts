import { describe, expect, test } from 'vitest';

import { follow, placeOfStep, timeOfStep, type Screen } from './film_sync';

const FILM = { first: 10, frames: 100, fps: 20 };

function screen(): Screen & { jumps: number[] } {
  const jumps: number[] = [];
  let at = 0;
  return {
    jumps,
    get currentTime() {
      return at;
    },
    set currentTime(time: number) {
      jumps.push(time);
      at = time;
    },
    paused: true,
    seeking: false,
    playbackRate: 1,
    play() {
      (this as { paused: boolean }).paused = false;
      return Promise.resolve();
    },
    pause() {
      (this as { paused: boolean }).paused = true;
    },
  };
}

describe('B-15: a film follows the playhead', () => {
  test('a step is the middle of its frame', () => {
    expect(timeOfStep(FILM, 10)).toBe(0.025);
    expect(timeOfStep(FILM, 109)).toBeCloseTo(4.975, 9);
    expect(timeOfStep(FILM, 9)).toBeNull();
    expect(timeOfStep(FILM, 110)).toBeNull();
    expect([9, 10, 109, 110].map((step) => placeOfStep(FILM, step))).toEqual([
      'before',
      'within',
      'within',
      'after',
    ]);
  });

  test('a paused film jumps to the step, once', () => {
    const on = screen();
    follow(on, FILM, 30, 0);
    follow(on, FILM, 30, 0);
    expect(on.jumps).toEqual([1.025]);
    follow(on, FILM, 31, 0);
    expect(on.jumps).toEqual([1.025, 1.075]);
  });

  test('a jump waits for the one before it', () => {
    const on = screen();
    (on as { seeking: boolean }).seeking = true;
    follow(on, FILM, 30, 0);
    expect(on.jumps).toEqual([]);
    (on as { seeking: boolean }).seeking = false;
    follow(on, FILM, 40, 0);
    expect(on.jumps).toEqual([1.525]);
  });

  test('it plays by itself at the pace of the playhead, and is put right only when it is off', () => {
    const on = screen();
    follow(on, FILM, 10, 40);
    expect([on.paused, on.playbackRate, on.jumps]).toEqual([false, 2, []]);
    follow(on, FILM, 12, 40);
    expect(on.jumps).toEqual([]);
    follow(on, FILM, 60, 40);
    expect(on.jumps).toEqual([2.525]);
    follow(on, FILM, 60, 0);
    expect(on.paused).toBe(true);
  });

  test('backwards, and faster than a browser plays, it jumps', () => {
    const on = screen();
    follow(on, FILM, 60, -20);
    expect([on.paused, on.jumps]).toEqual([true, [2.525]]);
    follow(on, FILM, 70, 20 * 17);
    expect([on.paused, on.jumps]).toEqual([true, [2.525, 3.025]]);
  });

  test('beyond its ends it rests', () => {
    const on = screen();
    follow(on, FILM, 20, 20);
    follow(on, FILM, 200, 20);
    expect(on.paused).toBe(true);
    expect(on.jumps).toHaveLength(1);
  });
});
