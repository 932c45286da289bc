import { describe, expect, it } from 'vitest';

import { encodeColumns } from '../../testing/encode_columns';
import { columnNamed, ColumnsError, decodeColumns, doubles, isValid } from './columns';

describe('decodeColumns', () => {
  const samples: [string, ArrayBufferView, number[]][] = [
    ['bool', Uint8Array.of(1, 0), [1, 0]],
    ['uint8', Uint8Array.of(255, 0), [255, 0]],
    ['uint16', Uint16Array.of(65535, 1), [65535, 1]],
    ['uint32', Uint32Array.of(4294967295, 1), [4294967295, 1]],
    ['uint64', BigUint64Array.of(9007199254740991n, 1n), [9007199254740991, 1]],
    ['int8', Int8Array.of(-128, 1), [-128, 1]],
    ['int16', Int16Array.of(-32768, 1), [-32768, 1]],
    ['int32', Int32Array.of(-2147483648, 1), [-2147483648, 1]],
    ['int64', BigInt64Array.of(-9007199254740991n, 1n), [-9007199254740991, 1]],
    ['float16', Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x0001, 0x7e00), [1, -2, Infinity, 2 ** -24, NaN]],
    ['float32', Float32Array.of(-0.5, NaN), [-0.5, NaN]],
    ['float64', Float64Array.of(Math.PI, -Infinity), [Math.PI, -Infinity]],
  ];

  it.each(samples)('reads %s', (dtype, data, expected) => {
    const columns = decodeColumns(encodeColumns([{ name: 'x', dtype, shape: [expected.length], data }]));
    expect([...columnNamed(columns, 'x').data]).toEqual(expected);
  });

  it('keeps the rest of the header and the order of the columns', () => {
    const columns = decodeColumns(
      encodeColumns(
        [
          { name: 'b', dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) },
          { name: 'a', dtype: 'float64', shape: [1, 2], data: Float64Array.of(4, 5) },
        ],
        { first: 7 },
      ),
    );
    expect(columns.header.first).toBe(7);
    expect(columns.columns.map((column) => column.name)).toEqual(['b', 'a']);
    expect(columnNamed(columns, 'a')).toMatchObject({ rows: 1, shape: [1, 2] });
  });

  it('tells missing from zero, row by row', () => {
    const columns = decodeColumns(
      encodeColumns([
        { name: 'v', dtype: 'float32', shape: [2, 2], data: Float32Array.of(0, 0, 1, 2), valid: [0, 1] },
        { name: 't', dtype: 'text', shape: [2], data: ['up', null] },
      ]),
    );
    const v = columnNamed(columns, 'v');
    expect([...doubles(v)]).toEqual([NaN, NaN, 1, 2]);
    expect([isValid(v, 0), isValid(v, 1)]).toEqual([false, true]);
    const t = columnNamed(columns, 't');
    expect([t.text, isValid(t, 0), isValid(t, 1)]).toEqual([['up', null], true, false]);
  });

  it('reads a column that is not aligned', () => {
    const sound = encodeColumns([{ name: 'x', dtype: 'float64', shape: [1], data: Float64Array.of(2.5) }]);
    // The same answer with a header one byte longer, which the format does not write but a hostile server may.
    const bytes = new Uint8Array(sound);
    const length = new DataView(sound).getUint32(4, true);
    const odd = new Uint8Array(bytes.length + 1);
    odd.set(bytes.subarray(0, 8 + length));
    odd[8 + length] = 0x20;
    odd.set(bytes.subarray(8 + length), 9 + length);
    new DataView(odd.buffer).setUint32(4, length + 1, true);
    expect([...columnNamed(decodeColumns(odd.buffer), 'x').data]).toEqual([2.5]);
  });

  it('names the column that an answer lacks', () => {
    const columns = decodeColumns(
      encodeColumns([{ name: 'x', dtype: 'uint8', shape: [0], data: new Uint8Array() }]),
    );
    expect(() => columnNamed(columns, 'y')).toThrow('expected a column "y", found x');
  });

  const one = (over: Record<string, unknown>) => {
    const entry = { name: 'x', dtype: 'uint8', shape: [2], offset: 0, bytes: 2, ...over };
    const header = JSON.stringify({ columns: [entry] }).padEnd(200);
    const body = new Uint8Array(8 + header.length + 8);
    body.set(new TextEncoder().encode('ETHC'));
    new DataView(body.buffer).setUint32(4, header.length, true);
    body.set(new TextEncoder().encode(header), 8);
    return body.buffer;
  };

  it.each<[string, Record<string, unknown>]>([
    ['reach beyond the body', { offset: 7 }],
    ['reach beyond the body', { offset: -1 }],
    ['reach beyond the body', { offset: 1e15 }],
    ['expected 2 bytes', { bytes: 3 }],
    ['expected 9007199254740994 bytes', { shape: [2, 2 ** 52 + 1] }],
    ['starts with the rows', { shape: [] }],
    ['starts with the rows', { shape: [-2] }],
    ['unknown dtype', { dtype: 'complex64' }],
    ['expected 2 strings', { dtype: 'text', text: ['a'] }],
    ['validity', { valid: { offset: 0, bytes: 1 } }],
    ['reach beyond the body', { valid: { offset: 8, bytes: 2 } }],
    ['lacks its name', { name: 3 }],
  ])('refuses a column whose description lies: %s %j', (message, over) => {
    expect(() => decodeColumns(one(over))).toThrow(ColumnsError);
    expect(() => decodeColumns(one(over))).toThrow(message);
  });

  it('refuses every prefix and every flipped magic', () => {
    const sound = encodeColumns([{ name: 'x', dtype: 'float64', shape: [2], data: Float64Array.of(1, 2) }]);
    for (let cut = 0; cut < sound.byteLength; cut += 1) {
      expect(() => decodeColumns(sound.slice(0, cut)), `cut at ${cut}`).toThrow(ColumnsError);
    }
    new Uint8Array(sound)[0] ^= 1;
    expect(() => decodeColumns(sound)).toThrow('expected ETHC at the start');
  });
});
