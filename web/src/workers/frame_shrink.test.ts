import { describe, expect, it } from 'vitest';

import { bytesOfGroup, type FrameGroup } from './frame_group';
import { shrinkGroup } from './frame_shrink';

/** A group of `count` pictures whose samples `at` says. */
function groupOf(
  [height, width, channels]: [number, number, number],
  count: number,
  at: (row: number, y: number, x: number, c: number) => number,
  palette: Uint8Array | null = null,
): FrameGroup {
  const samples = palette ? 1 : channels;
  const pictureBytes = height * width * samples;
  const pictures = new Uint8Array(pictureBytes * count);
  let i = 0;
  for (let row = 0; row < count; row++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) for (let c = 0; c < samples; c++) pictures[i++] = at(row, y, x, c);
  return {
    count,
    height,
    width,
    channels,
    layout: 'picture',
    stack: 0,
    palette,
    pictures,
    pictureBytes,
    planes: null,
  };
}

describe('shrinkGroup', () => {
  it('takes the mean of whole squares', () => {
    const group = groupOf(
      [200, 300, 3],
      2,
      (row, y, x, c) => (row * 100 + ((x & 1) + (y & 1)) * 10 + c) & 255,
    );
    const small = shrinkGroup(group, 150);
    expect([small.height, small.width, small.count, small.channels]).toEqual([100, 150, 2, 3]);
    // 0, 10, 10 and 20 in each square.
    expect([...small.pictures.subarray(0, 3)]).toEqual([10, 11, 12]);
    expect([...small.pictures.subarray(small.pictureBytes, small.pictureBytes + 3)]).toEqual([110, 111, 112]);
    expect(bytesOfGroup(small)).toBe(bytesOfGroup(group) / 4);
  });

  it('takes the mean of what there is at the edges', () => {
    const group = groupOf([201, 301, 1], 1, (_, y, x) => (x === 300 ? 90 : y === 200 ? 60 : 30));
    const small = shrinkGroup(group, 160);
    expect([small.height, small.width]).toEqual([101, 151]);
    expect(small.pictures[150]).toBe(90);
    expect(small.pictures[100 * 151]).toBe(60);
    expect(small.pictures[0]).toBe(30);
  });

  it('expands palettes', () => {
    const palette = Uint8Array.of(0, 0, 0, 200, 100, 50);
    const small = shrinkGroup(
      groupOf([300, 300, 3], 1, (_, __, x) => x & 1, palette),
      150,
    );
    expect(small.palette).toBeNull();
    expect([...small.pictures.subarray(0, 3)]).toEqual([100, 50, 25]);
  });

  it('leaves small pictures, pictures that fit and stacks as they are', () => {
    const atari = groupOf([210, 160, 3], 1, () => 0, Uint8Array.of(0, 0, 0));
    expect(shrinkGroup(atari, 80)).toBe(atari);
    const fits = groupOf([200, 300, 3], 1, () => 0);
    expect(shrinkGroup(fits, 300)).toBe(fits);
    const stack: FrameGroup = { ...groupOf([400, 400, 1], 1, () => 0), layout: 'planes_first', stack: 1 };
    expect(shrinkGroup(stack, 100)).toBe(stack);
  });
});
