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
  expect([...source.get(2)!.values]).toEqual([4, 5]);
  expect(source.get(2)!.completenessError).toBeNaN();
  expect(source.get(1)).toBeNull();
  expect(changed).toHaveBeenCalled();
});

it('asks for what is on the screen first, and calls off what is not wanted any more', async () => {
  const asked: number[] = [];
  const signals: AbortSignal[] = [];
  const source = new AttributionSource(
    1000,
    (from, _, signal) => {
      asked.push(from);
      signals.push(signal);
      return new Promise(() => undefined);
    },
    () => undefined,
  );
  source.want(16, 1);
  expect(asked).toEqual([16, 24]);
  source.want(800, -1);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true, false, false]);
  expect(asked.slice(2)).toEqual([800, 792]);
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
