import { describe, expect, test } from 'vitest';

import type { FieldEntry } from '../api/wire';
import { layoutOf, RowPictures } from './row_pictures';
import { RowStore, type Rows } from './row_store';

const field = (shape: number[], dtype: FieldEntry['dtype'] = 'float32'): FieldEntry => ({
  name: 'observation',
  axis: 'step',
  dtype,
  shape,
  image: false,
  stack_axis: null,
  origin: 'logged',
  doc: '',
});

/** Pictures of one field of which `rows` came. */
async function pictures(
  shape: number[],
  rows: number[][],
  {
    dtype = 'float32',
    bounds = null,
  }: { dtype?: FieldEntry['dtype']; bounds?: [number, number] | null } = {},
) {
  const width = shape.reduce((a, b) => a * b, 1);
  const fetchRows = (from: number, to: number): Promise<Rows> => {
    const part = rows.slice(from, to);
    return Promise.resolve({
      first: from,
      rows: part.length,
      width,
      values: Float64Array.from(part.flat()),
      valid: Uint8Array.from(part.map((row) => Number(row.length > 0))),
      text: null,
    });
  };
  const store = new RowStore(rows.length, width, fetchRows, () => undefined);
  const source = new RowPictures(field(shape, dtype), store, bounds, fetchRows);
  source.want(0, { direction: 1, rate: 0 });
  await Promise.resolve();
  await Promise.resolve();
  return source;
}

describe('numbers as pictures', () => {
  test.each([
    [[84, 84], { height: 84, width: 84, channels: 1, stack: 0 }],
    [[210, 160, 3], { height: 210, width: 160, channels: 3, stack: 0 }],
    [[4, 84, 84], { height: 84, width: 84, channels: 1, stack: 4 }],
    [[4, 84, 84, 3], { height: 84, width: 84, channels: 3, stack: 4 }],
    [[7], null],
    [[2, 0], null],
  ])('%j', (shape, expected) => expect(layoutOf(shape, null)).toEqual(expected));

  test('numbers between 0 and 1 are drawn on that scale', async () => {
    const source = await pictures([1, 3], [[0, 0.5, 1]]);
    expect(source.scale).toEqual([0, 1]);
    expect([...source.get(0)!.group.pictures]).toEqual([0, 128, 255]);
  });

  test('others on that of what came, unless the space has bounds', async () => {
    expect((await pictures([1, 2], [[-2, 6]])).scale).toEqual([-2, 6]);
    const bounded = await pictures([1, 2], [[0, 6]], { bounds: [0, 12] });
    expect(bounded.scale).toEqual([0, 12]);
    expect([...bounded.get(0)!.group.pictures]).toEqual([0, 128]);
  });

  test('bytes are drawn as they are', async () => {
    const source = await pictures([1, 1, 3], [[1, 2, 200]], { dtype: 'uint8' });
    expect(source.scale).toBeNull();
    expect([...source.get(0)!.group.pictures]).toEqual([1, 2, 200]);
  });

  test('a pixel is read as it was logged, of one plane or of all', async () => {
    const source = await pictures([2, 1, 5], [[0.25, 0.5, 0, 0, 0, 3, 4, 0, 0, 0]]);
    expect(source.samples(0, 0, 1, 0)).toEqual([0.5]);
    expect(source.samples(0, 1, 0, 0)).toEqual([3]);
    expect(source.samples(0, 'colour', 1, 0)).toEqual([0.5, 4]);
    expect(source.samples(9, 0, 0, 0)).toBeNull();
  });
});
