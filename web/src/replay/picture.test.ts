import { describe, expect, it } from 'vitest';

import type { FieldEntry } from '../api/wire';
import type { FrameGroup } from '../workers/frame_group';
import { isPicture, nearestStep, paintThumbnail, paintView, planesOf, sizeOf, viewOf } from './picture';

const field = (name: string, shape: number[], stack_axis: number | null = null): FieldEntry => ({
  name,
  axis: 'step',
  dtype: 'uint8',
  shape,
  image: true,
  stack_axis,
  origin: 'logged',
  doc: '',
});

describe('planes of a picture', () => {
  it.each<[string, number[], number | null, number]>([
    ['frame', [210, 160, 3], null, 1],
    ['frame', [210, 160, 4], null, 1],
    ['frame', [210, 160, 4], 2, 1],
    ['frame', [210, 160], null, 1],
    ['observation', [3, 84, 84], 0, 3],
    ['observation', [84, 84, 1], null, 1],
    ['observation', [4, 84, 84], null, 4],
    ['observation', [84, 84, 4], null, 4],
    ['observation', [84, 84, 12], 2, 12],
    ['observation', [4, 84, 84, 3], 0, 4],
  ])('of %s %j, stack axis %s: %d', (name, shape, axis, expected) => {
    expect(planesOf(field(name, shape, axis))).toBe(expected);
  });

  it('the newest is shown unless the address says otherwise', () => {
    const stack = field('observation', [4, 84, 84], 0);
    expect(viewOf(stack, null)).toBe(3);
    expect(viewOf(stack, '1')).toBe(1);
    expect(viewOf(stack, 'all')).toBe('all');
    for (const odd of ['4', '-1', '1.5', 'x', '']) expect([3, 0]).toContain(viewOf(stack, odd));
    expect(viewOf(field('frame', [210, 160, 3]), '2')).toBe('colour');
  });

  it('three planes are colours, four are when they are asked for', () => {
    const three = field('observation', [3, 84, 84], 0);
    expect(viewOf(three, null)).toBe('colour');
    expect(viewOf(three, '0')).toBe(0);
    expect(viewOf(field('observation', [4, 84, 84], 0), 'colour')).toBe('colour');
    expect(viewOf(field('observation', [12, 84, 84], 0), 'colour')).toBe(11);
  });

  it('numbers are pictures by their name or by their sides', () => {
    const numbers = (name: string, shape: number[]) =>
      isPicture({ ...field(name, shape), image: false, dtype: 'float32' });
    expect(numbers('frame', [1, 1, 3])).toBe(true);
    expect(numbers('observation', [84, 84])).toBe(true);
    expect(numbers('observation', [4, 3])).toBe(false);
    expect(numbers('action_probabilities', [18])).toBe(false);
  });
});

describe('painting', () => {
  const stack: FrameGroup = {
    count: 1,
    height: 1,
    width: 2,
    channels: 1,
    layout: 'planes_first',
    stack: 2,
    palette: null,
    pictures: Uint8Array.of(1, 2, 3, 4),
    pictureBytes: 2,
    planes: Uint16Array.of(0, 1),
  };
  const greys = (out: Uint32Array) =>
    Array.from(out, (colour) => (colour >>> 24 === 0 ? null : colour & 255));

  it('puts all planes side by side with a seam', () => {
    expect(sizeOf(stack, 'all')).toEqual({ width: 6, height: 1 });
    const out = new Uint32Array(6);
    paintView({ group: stack, row: 0, first: 0 }, 'all', out);
    expect(greys(out)).toEqual([1, 2, null, null, 3, 4]);
  });

  it('shows one plane, or the last when the group has fewer', () => {
    const out = new Uint32Array(2);
    paintView({ group: stack, row: 0, first: 0 }, 1, out);
    expect(greys(out)).toEqual([3, 4]);
    paintView({ group: stack, row: 0, first: 0 }, 9, out);
    expect(greys(out)).toEqual([3, 4]);
  });

  it('tells four frames from RGBA where the group has them as channels', () => {
    const channels = {
      ...stack,
      layout: 'picture',
      stack: 0,
      channels: 4,
      width: 1,
      pictureBytes: 4,
      planes: null,
    } as const;
    const out = new Uint32Array(1);
    paintView({ group: channels, row: 0, first: 0 }, 2, out);
    expect([...new Uint8Array(out.buffer)]).toEqual([3, 3, 3, 255]);
    paintView({ group: channels, row: 0, first: 0 }, 'colour', out);
    expect([...new Uint8Array(out.buffer)]).toEqual([1, 2, 3, 4]);
  });

  it('enlarges a thumbnail to the picture it stands for', () => {
    const out = new Uint32Array(8);
    paintThumbnail({ width: 2, height: 1, rgba: Uint32Array.of(7, 9) }, 4, 2, out);
    expect([...out]).toEqual([7, 7, 9, 9, 7, 7, 9, 9]);
  });

  it('finds the thumbnail nearest to a step', () => {
    expect(nearestStep([0, 50, 100], 60)).toBe(50);
    expect(nearestStep([], 60)).toBeNull();
  });
});
