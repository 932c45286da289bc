import { describe, expect, it } from 'vitest';

import type { FrameGroup } from '../workers/frame_group';
import { FrameCache } from './frame_cache';

/** A group of `count` rows of one byte. */
function group(count: number): FrameGroup {
  return {
    count,
    height: 1,
    width: 1,
    channels: 1,
    layout: 'picture',
    stack: 0,
    palette: null,
    pictures: new Uint8Array(count),
    pictureBytes: 1,
    planes: null,
  };
}

describe('FrameCache', () => {
  it('finds the row of a step', () => {
    const cache = new FrameCache(1000);
    cache.put('a', 32, group(32));
    expect(cache.get('a', 31)).toBeNull();
    expect(cache.get('a', 33)?.row).toBe(1);
    expect(cache.get('a', 64)).toBeNull();
    expect(cache.get('b', 33)).toBeNull();
  });

  it('forgets the least recently used beyond its bytes', () => {
    const cache = new FrameCache(64);
    cache.put('a', 0, group(32));
    cache.put('a', 32, group(32));
    cache.get('a', 0);
    cache.put('b', 0, group(32));
    expect(cache.has('a', 0)).toBe(true);
    expect(cache.has('a', 32)).toBe(false);
    expect(cache.bytes).toBe(64);
  });

  it('keeps a group that alone is too large', () => {
    const cache = new FrameCache(10);
    cache.put('a', 0, group(5));
    cache.put('a', 5, group(32));
    expect(cache.size).toBe(1);
    expect(cache.has('a', 36)).toBe(true);
  });

  it('replaces a group and counts its bytes once', () => {
    const cache = new FrameCache(1000);
    cache.put('a', 0, group(12));
    cache.put('a', 0, group(32));
    expect([cache.bytes, cache.size]).toEqual([32, 1]);
  });

  it('finds steps in groups that overlap after sealing', () => {
    const cache = new FrameCache(1000);
    cache.put('a', 0, group(64));
    cache.put('a', 8, group(4));
    expect(cache.get('a', 20)?.first).toBe(0);
    expect(cache.get('a', 10)?.first).toBe(8);
  });

  it('says what is missing in either direction', () => {
    const cache = new FrameCache(1000);
    cache.put('a', 10, group(10));
    cache.put('a', 20, group(10));
    expect(cache.firstMissing('a', 12, 1)).toBe(30);
    expect(cache.firstMissing('a', 25, -1)).toBe(9);
    expect(cache.firstMissing('a', 5, 1)).toBe(5);
  });

  it('forgets one series', () => {
    const cache = new FrameCache(1000);
    cache.put('a', 0, group(3));
    cache.put('b', 0, group(4));
    cache.forget('a');
    expect([cache.bytes, cache.has('a', 0), cache.has('b', 0)]).toEqual([4, false, true]);
  });
});
