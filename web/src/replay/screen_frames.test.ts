import { describe, expect, it } from 'vitest';

import type { FrameGroup } from '../workers/frame_group';
import { FrameCache } from './frame_cache';
import type { FrameDecoder } from './frame_decoder';
import { ScreenFrames } from './screen_frames';

function groupOf(count: number): FrameGroup {
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

/** An episode in groups of 32 rows whose answers come when the test says so. */
function episode(count: number, { absentFrom = count } = {}) {
  const asked: [from: number, to: number][] = [];
  const answers: { resolve: () => void; reject: (why: Error) => void }[] = [];
  let now = 10_000;
  const frames = new ScreenFrames({
    series: 's',
    count,
    cache: new FrameCache(1e6),
    decoder: {
      groups: async (bytes: ArrayBuffer, ongroup: (first: number, group: FrameGroup) => void) => {
        const [from, to] = new Uint32Array(bytes);
        for (let first = Math.floor(from / 32) * 32; first < Math.min(to, absentFrom); first += 32) {
          ongroup(first, groupOf(Math.min(32, absentFrom - first)));
        }
      },
    } as unknown as FrameDecoder,
    fetch: (from, to) => {
      asked.push([from, to]);
      return new Promise((resolve, reject) =>
        answers.push({ resolve: () => resolve(Uint32Array.of(from, to).buffer), reject }),
      );
    },
    onchange: () => undefined,
    now: () => now,
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  return {
    frames,
    asked,
    wait: (ms: number) => (now += ms),
    answer: async () => {
      answers.shift()!.resolve();
      await settle();
    },
    fail: async (why: string) => {
      answers.shift()!.reject(new Error(why));
      await settle();
    },
  };
}

describe('ScreenFrames', () => {
  it('asks for one thing at a time, and ahead only when little is left', async () => {
    const { frames, asked, answer } = episode(200);
    frames.want(0, 30);
    frames.want(1, 30);
    expect(asked).toEqual([[0, 32]]);
    await answer();
    expect(frames.get(5)).toMatchObject({ first: 0, row: 5 });
    frames.want(5, 30);
    expect(asked).toHaveLength(1);
    frames.want(20, 30);
    expect(asked).toEqual([
      [0, 32],
      [32, 64],
    ]);
  });

  it('asks for one picture while it stands', () => {
    const { frames, asked } = episode(200);
    frames.want(40, 0);
    expect(asked).toEqual([[40, 41]]);
  });

  it('asks for where the playhead will be when answers are slow, and shows what it has meanwhile', async () => {
    const { frames, asked, answer, wait } = episode(2000);
    frames.want(0, 30);
    wait(2000);
    await answer();
    frames.want(60, 30);
    expect(asked[1]).toEqual([120, 152]);
    expect(frames.get(60)).toBeNull();
    expect(frames.late(60)).toMatchObject({ first: 0, row: 31 });
  });

  it('never asks beyond the episode; a live one grows', async () => {
    const { frames, asked, answer } = episode(10);
    frames.want(0, 30);
    await answer();
    frames.want(9, 30);
    frames.want(12, 30);
    expect(asked).toEqual([[0, 10]]);
  });

  it('remembers steps without a picture', async () => {
    const { frames, asked, answer } = episode(100, { absentFrom: 8 });
    frames.want(8, 0);
    await answer();
    expect(frames.isAbsent(8)).toBe(true);
    frames.want(8, 0);
    expect(asked).toHaveLength(1);
    frames.grow(101);
    expect(frames.isAbsent(8)).toBe(false);
  });

  it('tells why it failed and tries again after a while', async () => {
    const { frames, asked, fail, wait, answer } = episode(100);
    frames.want(0, 30);
    await fail('gone');
    expect(frames.error?.message).toBe('gone');
    frames.want(0, 30);
    expect(asked).toHaveLength(1);
    wait(2000);
    frames.want(0, 30);
    await answer();
    expect(frames.error).toBeNull();
  });

  it('asks for nothing once closed', () => {
    const { frames, asked } = episode(100);
    frames.close();
    frames.want(0, 30);
    expect(asked).toEqual([]);
  });
});
