import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Latest } from './latest';
import { Throttle } from './throttle';

describe('Latest', () => {
  it('lets only the newest answer, whichever comes first', async () => {
    const latest = new Latest();
    let answerFirst: (value: string) => void = () => undefined;
    let aborted = false;
    const first = latest.run((signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise<string>((resolve) => (answerFirst = resolve));
    });
    const second = latest.run(() => Promise.resolve('second'));
    expect(aborted).toBe(true);
    expect(await second).toBe('second');
    answerFirst('first');
    expect(await first).toBeUndefined();
  });

  it('tells of errors, but not of those that come too late', async () => {
    const latest = new Latest();
    await expect(latest.run(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
    const late = latest.run(
      (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    latest.cancel();
    expect(await late).toBeUndefined();
  });
});

describe('Throttle', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('works at once, then once an interval, and never forgets the last request', async () => {
    const work = vi.fn();
    const throttle = new Throttle(work, 500);
    throttle.request();
    expect(work).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 20; i += 1) {
      throttle.request();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(work.mock.calls.length).toBeLessThanOrEqual(3);
    const before = work.mock.calls.length;
    throttle.request();
    await vi.advanceTimersByTimeAsync(500);
    expect(work).toHaveBeenCalledTimes(before + 1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(before + 1);
  });

  it('does not start again what is still under way, and starts afresh after a cancel', async () => {
    let running = 0;
    let most = 0;
    const throttle = new Throttle(async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 2000));
      running -= 1;
    }, 100);
    for (let i = 0; i < 50; i += 1) {
      throttle.request();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(most).toBe(1);
    throttle.cancel();
    await vi.advanceTimersByTimeAsync(5000);
    throttle.request();
    expect(running).toBe(1);
  });
});
