import { describe, expect, it } from 'vitest';

import { Clock, nextSpeed } from './clock';

/** Plays for `ms` in ticks of `every` milliseconds, from time `start`. */
function run(clock: Clock, ms: number, every = 1000 / 60, start = 0): void {
  const ticks = Math.round(ms / every);
  for (let i = 0; i <= ticks; i++) clock.tick(start + i * every);
}

function playing(count: number, fps: number, speed = 1): Clock {
  const clock = new Clock(count, fps, speed);
  clock.play();
  return clock;
}

describe('Clock', () => {
  it('shows every step once at the rate of the screen', () => {
    const clock = playing(1000, 60);
    run(clock, 5000);
    expect(clock.step).toBe(300);
    expect(clock.shown).toBe(300);
    expect(clock.dropped).toBe(0);
  });

  it('keeps wall time whatever the ticks are', () => {
    for (const every of [4, 7, 16.7, 33.4, 100]) {
      const clock = playing(10_000, 30);
      run(clock, 10_000, every);
      expect(Math.abs(clock.step - 300), `ticks of ${every} ms`).toBeLessThanOrEqual(1);
    }
  });

  it('does not mind ticks that are early or late by less than half a step', () => {
    const clock = playing(10_000, 60);
    let now = 0;
    for (let i = 0; i <= 600; i++) clock.tick((now = i * (1000 / 60) + (i % 2 === 0 ? 3 : -3)));
    expect(now).toBeGreaterThan(0);
    expect(clock.dropped).toBe(0);
    expect(clock.shown).toBe(600);
  });

  it('counts what a late tick passed over', () => {
    const clock = playing(1000, 60);
    clock.tick(0);
    clock.tick(1000 / 60);
    clock.tick(4000 / 60); // two ticks of the screen were missed
    expect(clock.step).toBe(4);
    expect(clock.dropped).toBe(2);
  });

  it('leaves steps out on purpose when faster than the screen', () => {
    const clock = playing(100_000, 60, 4);
    run(clock, 1000);
    expect(clock.step).toBe(240);
    expect(clock.dropped).toBe(0);
  });

  it('stops at the end and starts over from there', () => {
    const clock = playing(10, 60);
    run(clock, 1000);
    expect([clock.step, clock.playing]).toEqual([9, false]);
    clock.play();
    expect(clock.step).toBe(0);
  });

  it('plays backwards to the start', () => {
    const clock = new Clock(100, 50);
    clock.seek(60);
    clock.turn(-1);
    clock.play();
    run(clock, 1000, 20);
    expect(clock.step).toBe(10);
    run(clock, 1000, 20, 1000);
    expect([clock.step, clock.playing]).toEqual([0, false]);
    clock.play();
    expect(clock.step).toBe(99);
  });

  it('goes round a loop in both directions', () => {
    const clock = new Clock(100, 10);
    clock.loop = { from: 20, to: 29 };
    clock.seek(20);
    clock.play();
    run(clock, 2500, 100);
    expect(clock.step).toBe(25);
    clock.turn(-1);
    run(clock, 1000, 100, 2500);
    expect(clock.step).toBe(25);
    expect(clock.playing).toBe(true);
  });

  it('does not make up for a page that slept', () => {
    const clock = playing(10_000, 60);
    clock.tick(0);
    clock.tick(60_000);
    expect(clock.step).toBeLessThanOrEqual(15);
  });

  it('waits for a picture without falling behind afterwards', () => {
    const clock = playing(1000, 60);
    clock.tick(0);
    clock.hold(500);
    clock.tick(500 + 1000 / 60);
    expect(clock.step).toBe(1);
    expect(clock.dropped).toBe(0);
  });

  it('cuts seeks to the steps that exist', () => {
    const clock = new Clock(10, 30);
    clock.seek(99);
    expect(clock.step).toBe(9);
    clock.seek(-3);
    expect(clock.step).toBe(0);
    clock.seek(NaN);
    expect(clock.step).toBe(0);
    clock.nudge(4);
    expect(clock.step).toBe(4);
    clock.resize(3);
    expect(clock.step).toBe(2);
  });

  it('does nothing in an empty episode', () => {
    const clock = playing(0, 30);
    run(clock, 100);
    expect([clock.step, clock.playing]).toEqual([0, false]);
  });

  it('goes through the speeds and stays within them', () => {
    expect(nextSpeed(1, 1)).toBe(2);
    expect(nextSpeed(1, -1)).toBe(1 / 2);
    expect(nextSpeed(8, 1)).toBe(8);
    expect(nextSpeed(1 / 4, -1)).toBe(1 / 4);
    expect(nextSpeed(3, 1)).toBe(4);
  });

  it('plays the loop even from outside it, and both its ends', () => {
    const clock = new Clock(100, 10);
    clock.loop = { from: 20, to: 22 };
    clock.seek(70);
    clock.play();
    const seen = new Set<number>();
    for (let now = 0; now < 2000; now += 50) seen.add(clock.tick(now).step);
    expect([...seen].toSorted()).toEqual([20, 21, 22]);
  });
});
