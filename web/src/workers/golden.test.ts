/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

import { beforeAll, describe, expect, it } from 'vitest';

import { decodeFrameGroup, rowOf } from './frame_group';
import { zstdReady } from './zstd';

beforeAll(zstdReady);

/** Written by `crates/ethogram_store/tests/it/golden_frames.rs`, which holds the Rust decoder to the same files. */
const folder = new URL('../../testdata/frame_groups/', import.meta.url);

interface Expected {
  file: string;
  codec: number;
  shape: number[];
  count: number;
  rows_crc32: number[];
}

const all = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Expected[];

describe('golden frame groups of the Rust codec', () => {
  it('cover every codec', () => {
    expect(new Set(all.map(({ codec }) => codec))).toEqual(new Set([0, 1, 2, 3]));
  });

  it.each(all)('R-1: $file decodes to the same rows, twice', ({ file, shape, count, rows_crc32 }) => {
    const bytes = new Uint8Array(readFileSync(new URL(file, folder)));
    for (let time = 0; time < 2; time++) {
      const group = decodeFrameGroup(bytes);
      expect(group.count).toBe(count);
      const rows = Array.from({ length: count }, (_, row) => rowOf(group, row));
      expect(rows[0].length).toBe(shape.reduce((product, n) => product * n, 1));
      expect(rows.map((row) => crc32(row))).toEqual(rows_crc32);
    }
  });

  it.each(all)(
    '$file, cut anywhere or changed anywhere, gives an error or a group, never worse',
    ({ file }) => {
      const sound = new Uint8Array(readFileSync(new URL(file, folder)));
      const stride = Math.max(1, Math.floor(sound.length / 200));
      for (let at = 0; at < sound.length; at += at < 64 ? 1 : stride) {
        expect(() => decodeFrameGroup(sound.subarray(0, at))).toThrow(/^frame group: /);
        const bytes = sound.slice();
        bytes[at] ^= 0x55;
        try {
          decodeFrameGroup(bytes);
        } catch (error) {
          expect(String(error)).toMatch(/^FrameGroupError: frame group: /);
        }
      }
    },
  );
});
