import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { KeptPerRun } from './kept_per_run';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('what is kept of each run', () => {
  it('is read once for everybody who wants it, and again when the run grew', async () => {
    const read = vi.fn((run: string) => Promise.resolve(`${run} read ${read.mock.calls.length} times`));
    const kept = new KeptPerRun(read);
    expect(kept.get('a')).toBeUndefined();
    kept.want('a', 3);
    kept.want('a', 3);
    await vi.advanceTimersByTimeAsync(5000);
    kept.want('a', 2);
    await vi.advanceTimersByTimeAsync(5000);
    expect(kept.get('a')).toBe('a read 1 times');
    kept.want('a', 4);
    kept.want('b', 1);
    await vi.advanceTimersByTimeAsync(5000);
    expect([kept.get('a'), kept.get('b')]).toEqual(['a read 2 times', 'b read 3 times']);
  });

  it('is not read again for a revision that it is of already', async () => {
    const read = vi.fn(() => Promise.resolve({ revision: 9 }));
    const kept = new KeptPerRun(read, ({ revision }) => revision);
    kept.want('a', 3);
    await vi.advanceTimersByTimeAsync(5000);
    kept.want('a', 9);
    await vi.advanceTimersByTimeAsync(5000);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('stays where a later request fails, which is told until one does not', async () => {
    const read = vi
      .fn()
      .mockResolvedValueOnce('first')
      .mockRejectedValueOnce(new Error('gone'))
      .mockResolvedValue('third');
    const kept = new KeptPerRun<string>(read);
    for (const [revision, value, message] of [
      [1, 'first', undefined],
      [2, 'first', 'gone'],
      [2, 'third', undefined],
    ] as const) {
      kept.want('a', revision);
      await vi.advanceTimersByTimeAsync(5000);
      expect([kept.get('a'), (kept.error('a') as Error | undefined)?.message]).toEqual([value, message]);
    }
  });

  it('asks for nothing once it is disposed of', async () => {
    const read = vi.fn(() => Promise.resolve(1));
    const kept = new KeptPerRun(read);
    kept.want('a', 1);
    kept.want('a', 2);
    kept.dispose();
    await vi.advanceTimersByTimeAsync(5000);
    expect(read).toHaveBeenCalledTimes(1);
  });
});
