import { beforeAll, describe, expect, it } from 'vitest';

import {
  bytesOfGroup,
  decodeFrameGroup,
  FrameGroupError,
  pictureOf,
  planesOfRow,
  rowOf,
} from './frame_group';
import { paintRow, thumbnailOf } from './frame_paint';
import { splitFrameSequence } from './frame_sequence';
import { zstdReady } from './zstd';

beforeAll(zstdReady);

interface Parts {
  codec?: number;
  channels?: number;
  layout?: number;
  stack?: number;
  count?: number;
  frames?: number;
  height?: number;
  width?: number;
  palette?: number[];
  planes?: number[];
  payload: number[];
  raw?: number;
  magic?: string;
}

/** A group written by hand from docs/format.md. */
function group(parts: Parts): Uint8Array {
  const { codec = 0, channels = 1, layout = 0, stack = 0, count = 1, frames = count } = parts;
  const {
    height = 1,
    width = 1,
    palette = [],
    planes = [],
    payload,
    raw = payload.length,
    magic = 'EFG1',
  } = parts;
  const bytes = new Uint8Array(32 + palette.length + planes.length * 2 + payload.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) bytes[i] = magic.charCodeAt(i);
  bytes.set([codec, channels, layout, stack], 4);
  view.setUint16(8, count, true);
  view.setUint16(10, frames, true);
  view.setUint32(12, height, true);
  view.setUint32(16, width, true);
  view.setUint16(20, palette.length / channels, true);
  view.setUint32(24, payload.length, true);
  view.setUint32(28, raw, true);
  bytes.set(palette, 32);
  planes.forEach((plane, i) => view.setUint16(32 + palette.length + i * 2, plane, true));
  bytes.set(payload, 32 + palette.length + planes.length * 2);
  return bytes;
}

/** `data` as a zstd frame with one uncompressed block (RFC 8878): what any encoder may write. */
function zstd(data: number[]): number[] {
  const block = (data.length << 3) | 1;
  return [0x28, 0xb5, 0x2f, 0xfd, 0x20, data.length, block & 255, (block >> 8) & 255, block >> 16, ...data];
}

describe('decodeFrameGroup', () => {
  it('reads stored pictures', () => {
    const decoded = decodeFrameGroup(
      group({ channels: 3, count: 2, width: 2, payload: [...Array(12).keys()] }),
    );
    expect([...rowOf(decoded, 1)]).toEqual([6, 7, 8, 9, 10, 11]);
    expect(bytesOfGroup(decoded)).toBe(12);
  });

  it('reads palette, XOR and zstd, keeping the indices', () => {
    const palette = [10, 20, 30, 40, 50, 60];
    const payload = zstd([0, 1, 1, 0]); // pictures [0 1] and [0 1] ^ [1 0] = [1 1]
    const decoded = decodeFrameGroup(
      group({ codec: 1, channels: 3, count: 2, width: 2, palette, payload, raw: 4 }),
    );
    expect([...pictureOf(decoded, 1)]).toEqual([1, 1]);
    expect([...rowOf(decoded, 0)]).toEqual(palette);
    const out = new Uint32Array(2);
    paintRow(decoded, 0, 0, out);
    expect([...new Uint8Array(out.buffer)]).toEqual([10, 20, 30, 255, 40, 50, 60, 255]);
  });

  it('undoes XOR over any number of bytes', () => {
    for (const width of [3, 8]) {
      const first = Array.from({ length: width }, (_, i) => i * 7);
      const second = Array.from({ length: width }, (_, i) => 200 - i);
      const payload = zstd([...first, ...second.map((value, i) => value ^ first[i]!)]);
      const decoded = decodeFrameGroup(group({ codec: 3, count: 2, width, payload, raw: width * 2 }));
      expect([...rowOf(decoded, 1)], `width ${width}`).toEqual(second);
    }
  });

  it('puts stacks together again, planes first and planes last', () => {
    const stacked = {
      stack: 2,
      count: 2,
      frames: 3,
      width: 2,
      planes: [0, 1, 1, 2],
      payload: [1, 2, 3, 4, 5, 6],
    };
    const first = decodeFrameGroup(group({ ...stacked, layout: 1 }));
    expect([...rowOf(first, 0)]).toEqual([1, 2, 3, 4]);
    expect([...rowOf(first, 1)]).toEqual([3, 4, 5, 6]);
    expect(planesOfRow(first)).toBe(2);
    const last = decodeFrameGroup(group({ ...stacked, layout: 2 }));
    expect([...rowOf(last, 1)]).toEqual([3, 5, 4, 6]);
  });

  it('shows an RGBA picture that was kept as planes', () => {
    const rgba = { stack: 4, layout: 2, frames: 4, planes: [0, 1, 2, 3], payload: [9, 8, 7, 255] };
    const out = new Uint32Array(1);
    paintRow(decodeFrameGroup(group(rgba)), 0, 'colour', out);
    expect([...new Uint8Array(out.buffer)]).toEqual([9, 8, 7, 255]);
  });

  it('shrinks thumbnails by averaging', () => {
    const decoded = decodeFrameGroup(
      group({ width: 4, height: 2, payload: [0, 100, 10, 10, 100, 200, 10, 10] }),
    );
    const small = thumbnailOf(decoded, 0, 0, 2);
    expect([small.width, small.height]).toEqual([2, 1]);
    expect([...new Uint8Array(small.rgba.buffer)]).toEqual([100, 100, 100, 255, 10, 10, 10, 255]);
  });

  it('refuses rows and planes that do not exist', () => {
    const decoded = decodeFrameGroup(group({ payload: [1] }));
    expect(() => pictureOf(decoded, 1)).toThrow('row 1 is outside the group of 1');
    expect(() => pictureOf(decoded, 0, 1)).toThrow('plane 1 is outside the row of 1');
  });

  it.each<[string, Uint8Array, string]>([
    ['cut header', new Uint8Array(31), 'expected a header of 32 bytes, found 31 bytes'],
    ['magic', group({ magic: 'EFG2', payload: [1] }), 'expected "EFG1", found bytes 45 46 47 32'],
    ['codec', group({ codec: 9, payload: [1] }), 'codec: expected 0 to 3, found 9'],
    ['layout', group({ layout: 3, payload: [1] }), 'layout: expected 0 to 2, found 3'],
    ['channels', group({ channels: 0, payload: [] }), 'channels: expected at least 1'],
    ['stack without layout', group({ stack: 2, payload: [1] }), '2 planes do not go with layout 0'],
    ['too many rows', group({ count: 1025, payload: [1] }), 'expected 1 to 1024 rows, found 1025'],
    ['a picture too many', group({ frames: 2, payload: [1, 2] }), 'frames: expected 1'],
    ['width', group({ width: 20000, payload: [1] }), 'width: expected 1 to 16384 pixels, found 20000'],
    ['a bomb', group({ width: 16384, height: 16384, count: 2, payload: [1] }), 'the limit is 268435456'],
    ['no palette', group({ codec: 1, payload: [1] }), 'colours: expected 1 to 256 with codec 1, found 0'],
    ['raw', group({ width: 2, payload: [1] }), 'raw: expected 2 bytes for 1 pictures, found 1'],
    [
      'cut payload',
      group({ payload: [1] }).subarray(0, 32),
      'expected 33 bytes as the header says, found 32',
    ],
    ['plane', group({ stack: 1, layout: 1, planes: [1], payload: [1] }), 'picture 1 does not exist'],
    ['not zstd', group({ codec: 2, payload: [1, 2, 3, 4, 5, 6], raw: 1 }), 'payload: expected a zstd frame'],
    [
      'zstd of another size',
      group({ codec: 2, payload: zstd([1, 2]), raw: 1 }),
      'expected 1 bytes, the zstd frame holds 2',
    ],
    [
      'colour',
      group({ codec: 1, palette: [5], payload: zstd([1]), raw: 1 }),
      'pixel with colour 1, the palette has 1',
    ],
  ])('refuses a wrong %s', (_, bytes, why) => {
    expect(() => decodeFrameGroup(bytes)).toThrow(FrameGroupError);
    expect(() => decodeFrameGroup(bytes)).toThrow(why);
  });

  it('never does worse than an error when bytes are cut or changed', () => {
    const sound = group({
      codec: 1,
      channels: 3,
      count: 2,
      width: 2,
      palette: [1, 2, 3, 4, 5, 6],
      payload: zstd([0, 1, 1, 0]),
      raw: 4,
    });
    for (let at = 0; at < sound.length; at++) {
      expect(() => decodeFrameGroup(sound.subarray(0, at)), `cut at ${at}`).toThrow(FrameGroupError);
      for (const flip of [1, 0x80, 0xff]) {
        const bytes = sound.slice();
        bytes[at]! ^= flip;
        try {
          decodeFrameGroup(bytes);
        } catch (error) {
          expect(error, `byte ${at} ^ ${flip}`).toBeInstanceOf(FrameGroupError);
        }
      }
    }
  });
});

describe('splitFrameSequence', () => {
  const answer = (first: number, bytes: number[], padding: number) => {
    const out = new Uint8Array(16 + bytes.length + padding);
    const view = new DataView(out.buffer);
    view.setBigUint64(0, BigInt(first), true);
    view.setUint32(8, bytes.length, true);
    out.set(bytes, 16);
    return out;
  };

  it('finds groups behind their padding', () => {
    const two = new Uint8Array([...answer(7, [1, 2, 3], 5), ...answer(39, [4], 0)]);
    const groups = splitFrameSequence(two);
    expect(groups.map(({ first, bytes }) => [first, [...bytes]])).toEqual([
      [7, [1, 2, 3]],
      [39, [4]],
    ]);
    expect(splitFrameSequence(new Uint8Array(0))).toEqual([]);
  });

  it('refuses an answer that was cut', () => {
    expect(() => splitFrameSequence(answer(0, [1, 2], 6).subarray(0, 9))).toThrow('9 of 16 bytes');
    expect(() => splitFrameSequence(answer(3, [1, 2], 0).subarray(0, 17))).toThrow(
      'the group at step 3 has 2 bytes, 1 came',
    );
  });
});
