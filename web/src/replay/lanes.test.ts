import { describe, expect, it } from 'vitest';

import { Kept } from './kept';
import { Lanes } from './lanes';

describe('Lanes', () => {
  it('runs at most as many as there are lanes, in order', async () => {
    const lanes = new Lanes(2);
    const { signal } = new AbortController();
    let [running, most] = [0, 0];
    const ends: number[] = [];
    const work = async (i: number) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
      ends.push(i);
    };
    await Promise.all([0, 1, 2, 3, 4].map((i) => lanes.run(() => work(i), signal)));
    expect(most).toBe(2);
    expect(ends).toEqual([0, 1, 2, 3, 4]);
  });

  it('never starts what nobody wants any more, and lets the next one in', async () => {
    const lanes = new Lanes(1);
    const gone = new AbortController();
    const here = new AbortController();
    let open!: () => void;
    const first = lanes.run(() => new Promise<void>((resolve) => (open = resolve)), here.signal);
    let started = false;
    const second = lanes.run(async () => void (started = true), gone.signal);
    const third = lanes.run(async () => 3, here.signal);
    gone.abort();
    open();
    await first;
    await expect(second).rejects.toThrow();
    await expect(third).resolves.toBe(3);
    expect(started).toBe(false);
  });

  it('goes on after a failure', async () => {
    const lanes = new Lanes(1);
    const { signal } = new AbortController();
    await expect(lanes.run(() => Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    await expect(lanes.run(async () => 1, signal)).resolves.toBe(1);
  });
});

describe('Kept', () => {
  it('forgets what was used longest ago', () => {
    const kept = new Kept<string, number>(2);
    kept.put('a', 1);
    kept.put('b', 2);
    kept.get('a');
    kept.put('c', 3);
    expect([kept.get('a'), kept.get('b'), kept.get('c'), kept.size]).toEqual([1, undefined, 3, 2]);
  });

  it('forgets one thing only when it is still that one', () => {
    const kept = new Kept<string, number>(2);
    kept.put('a', 1);
    kept.put('a', 2);
    kept.forget('a', 1);
    expect(kept.get('a')).toBe(2);
    kept.forget('a');
    expect(kept.get('a')).toBeUndefined();
  });
});
