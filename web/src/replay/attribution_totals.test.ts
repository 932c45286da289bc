import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { AttributionTotals, nextGap, type FetchTotals } from './attribution_totals';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answer: FetchTotals = async (from, to) => ({
  first: from,
  positive: Float64Array.from({ length: to - from }, (_, i) => from + i),
  negative: new Float64Array(to - from).fill(-1),
  atInput: new Float64Array(to - from),
});

it('asks for the gap nearest to the step in view, forward first', () => {
  expect(nextGap(new Uint8Array(10), 4, 3)).toEqual([4, 7]);
  expect(nextGap(Uint8Array.from([0, 0, 0, 1, 1, 1, 1, 0]), 4, 2)).toEqual([1, 3]);
  expect(nextGap(Uint8Array.from([0, 1, 1, 1, 0, 0]), 2, 8)).toEqual([4, 6]);
  expect(nextGap(new Uint8Array(3).fill(1), 1, 8)).toBeNull();
});

it('goes on until every step is known, in fewer and larger requests when answers are quick', async () => {
  const asked: [number, number][] = [];
  const totals = new AttributionTotals(
    200,
    (from, to, signal) => {
      asked.push([from, to]);
      return answer(from, to, signal);
    },
    () => 100,
    () => false,
    () => undefined,
  );
  totals.start();
  await vi.runAllTimersAsync();
  expect(totals.isDone).toBe(true);
  expect(totals.isRunning).toBe(false);
  expect(asked[0]).toEqual([100, 108]);
  expect(asked.length).toBeLessThan(10);
  expect([...totals.sizes()]).toEqual(Array.from({ length: 200 }, (_, step) => step + 1));
});

it('waits while something more urgent is asked, and stops when told', async () => {
  let busy = true;
  const fetched = vi.fn(answer);
  const totals = new AttributionTotals(
    20,
    fetched,
    () => 0,
    () => busy,
    () => undefined,
  );
  totals.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(fetched).not.toHaveBeenCalled();
  busy = false;
  await vi.advanceTimersByTimeAsync(200);
  expect(fetched).toHaveBeenCalled();
  totals.stop();
  expect(totals.isRunning).toBe(false);
});

it('stops at an error and goes on when asked again', async () => {
  const fetched = vi
    .fn<FetchTotals>()
    .mockRejectedValueOnce(new Error('no network'))
    .mockImplementation(answer);
  const totals = new AttributionTotals(
    4,
    fetched,
    () => 0,
    () => false,
    () => undefined,
  );
  totals.start();
  await vi.runAllTimersAsync();
  expect(totals.error?.message).toBe('no network');
  expect(totals.known).toBe(0);
  totals.start();
  await vi.runAllTimersAsync();
  expect(totals.error).toBeNull();
  expect(totals.known).toBe(4);
});
