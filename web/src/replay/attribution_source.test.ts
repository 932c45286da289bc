import { expect, it, vi } from 'vitest';

import type { Attributions } from '../api/attribution';
import { AttributionSource } from './attribution_source';

function answer(first: number): Attributions {
  return {
    first,
    rows: 8,
    shape: [2],
    wrtShape: [2],
    values: Int8Array.from({ length: 16 }, (_, i) => i),
    scale: new Float64Array(8).fill(0.5),
    valid: Uint8Array.from([1, 0, 1, 1, 1, 1, 1, 1]),
    atInput: new Float64Array(8).fill(3),
    atBaseline: new Float64Array(),
    completenessError: new Float64Array(),
    entry: new Float64Array(8),
    output: 'logits',
    wrt: 'obs',
    checkpoint: { global_step: 5, name: 'five' },
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

it('gives rows of the block that holds the step, and tells absent from not yet there', async () => {
  const changed = vi.fn();
  const source = new AttributionSource(20, async (from) => answer(from), changed);
  expect(source.get(2)).toBeUndefined();
  source.want(2, 1);
  await settled();
  // A step alone, then its block.
  source.want(2, 1);
  await settled();
  expect([...source.get(2)!.values]).toEqual([4, 5]);
  expect(source.get(2)!.completenessError).toBeNaN();
  expect(source.get(1)).toBeNull();
  expect(changed).toHaveBeenCalled();
});

it('asks for the step on the screen first, then for its neighbours, and calls off what is not wanted any more', async () => {
  const asked: [number, number][] = [];
  const signals: AbortSignal[] = [];
  const source = new AttributionSource(
    1000,
    (from, to, signal) => {
      asked.push([from, to]);
      signals.push(signal);
      // Only single steps are answered.
      return to - from === 1 ? Promise.resolve({ ...answer(from), rows: 1 }) : new Promise(() => undefined);
    },
    () => undefined,
  );
  source.want(18, 1);
  expect(asked).toEqual([[18, 19]]);
  expect(source.isBusy).toBe(true);
  await settled();
  expect([...source.get(18)!.values]).toEqual([0, 1]);
  expect(source.get(19)).toBeUndefined();
  source.want(18, 1);
  expect(asked.slice(1)).toEqual([
    [16, 24],
    [24, 32],
  ]);
  source.want(800, -1);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true, true, false]);
  await settled();
  source.want(799, -1);
  expect(asked.slice(3)).toEqual([
    [800, 801],
    [792, 800],
    [784, 792],
  ]);
});

it('asks for whole blocks at once where answers are quick', async () => {
  const asked: [number, number][] = [];
  const source = new AttributionSource(
    1000,
    async (from, to) => {
      asked.push([from, to]);
      return answer(from);
    },
    () => undefined,
  );
  source.want(0, 1);
  await settled();
  source.want(0, 1);
  await settled();
  source.want(500, 1);
  expect(asked.at(-2)).toEqual([496, 504]);
});

it('says what went wrong and waits before it asks again', async () => {
  const fetchRows = vi.fn(async () => {
    throw new Error('no checkpoint');
  });
  const source = new AttributionSource(8, fetchRows, () => undefined);
  source.want(0, 1);
  await settled();
  expect(source.error?.message).toBe('no checkpoint');
  source.want(0, 1);
  expect(fetchRows).toHaveBeenCalledTimes(1);
});
