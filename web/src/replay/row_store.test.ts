import { describe, expect, it } from 'vitest';

import { RowStore, rowsPerChunk, type Rows } from './row_store';

const WIDTH = 16_384; // two rows a chunk

function rows(from: number, to: number, valid?: number[]): Rows {
  const count = to - from;
  const values = Float64Array.from(
    { length: count * WIDTH },
    (_, i) => from + Math.floor(i / WIDTH) + (i % WIDTH) / 1e6,
  );
  return {
    first: from,
    rows: count,
    width: WIDTH,
    values,
    valid: valid ? Uint8Array.from(valid) : null,
    text: null,
  };
}

function store(count: number) {
  const asked: [number, number, AbortSignal][] = [];
  const made = new RowStore(
    count,
    WIDTH,
    (from, to, signal) => {
      asked.push([from, to, signal]);
      return Promise.resolve(rows(from, to));
    },
    () => undefined,
  );
  return { made, asked, ranges: () => asked.map(([from, to]) => [from, to]) };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('RowStore', () => {
  it('asks for the chunk around the step, and the next before it is needed', async () => {
    const { made, ranges } = store(100);
    made.want(10, 1);
    made.want(11, 1);
    await settle();
    expect(ranges()).toEqual([
      [10, 12],
      [12, 14],
    ]);
    expect(made.get(11)?.values[3]).toBeCloseTo(11.000003);
    expect(made.get(14)).toBeNull();
  });

  it('looks backwards when playing backwards', async () => {
    const { made, ranges } = store(100);
    made.want(10, -1);
    expect(ranges()).toEqual([
      [10, 12],
      [8, 10],
    ]);
  });

  it('cancels what was left behind and keeps a bounded number of chunks', async () => {
    const { made, asked } = store(1000);
    made.want(10, 1);
    made.want(500, 1);
    expect(asked[0][2].aborted).toBe(true);
    for (let step = 0; step < 200; step += 2) {
      made.want(step, 1);
      await settle();
    }
    expect(made.get(198)).not.toBeNull();
    expect(made.get(0)).toBeNull();
  });

  it('tells a missing row from NaN', async () => {
    const made = new RowStore(
      2,
      1,
      () =>
        Promise.resolve({
          first: 0,
          rows: 2,
          width: 1,
          values: Float64Array.of(NaN, NaN),
          valid: Uint8Array.of(1, 0),
          text: null,
        }),
      () => undefined,
    );
    made.want(0, 1);
    await settle();
    expect(made.get(0)).toMatchObject({ valid: true });
    expect(made.get(1)).toMatchObject({ valid: false });
    expect(made.extent()).toBeNull();
  });

  it('asks again for the end of an episode that grew', async () => {
    const { made, ranges } = store(3);
    made.want(2, 1);
    await settle();
    expect(made.get(3)).toBeNull();
    made.grow(5);
    made.want(2, 1);
    await settle();
    expect(ranges().at(-1)).toEqual([2, 4]);
    expect(made.get(3)).not.toBeNull();
  });

  it('keeps why a request failed', async () => {
    const made = new RowStore(
      4,
      1,
      () => Promise.reject(new Error('no such field')),
      () => undefined,
    );
    made.want(0, 1);
    await settle();
    expect(made.error?.message).toBe('no such field');
  });

  it('asks for more rows of narrow fields than of wide ones', () => {
    expect(rowsPerChunk(4)).toBe(4096);
    expect(rowsPerChunk(28_224)).toBe(1);
    expect(rowsPerChunk(256)).toBe(128);
  });
});
