import { beforeEach, describe, expect, it } from 'vitest';

import { DecodeQueue, type DecodeReply, type DecodeRequest } from '../workers/decode_queue';
import { FrameCache } from './frame_cache';
import { FrameDecoder, type DecodePort } from './frame_decoder';
import { FrameSource } from './frame_source';

const GROUP = 8;

/** An answer of the frames route for one-pixel frames whose value is their step, in groups of eight. */
function answer(from: number, to: number, count: number): ArrayBuffer {
  const parts: number[] = [];
  for (let first = Math.floor(from / GROUP) * GROUP; first < Math.min(to, count); first += GROUP) {
    const rows = Math.min(GROUP, count - first);
    const bytes = new Uint8Array(16 + 32 + Math.ceil(rows / 8) * 8);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(first), true);
    view.setUint32(8, 32 + rows, true);
    bytes.set([0x45, 0x46, 0x47, 0x31, 0, 1], 16);
    for (const at of [8, 10]) view.setUint16(16 + at, rows, true);
    for (const at of [12, 16]) view.setUint32(16 + at, 1, true);
    for (const at of [24, 28]) view.setUint32(16 + at, rows, true);
    for (let i = 0; i < rows; i++) bytes[48 + i] = (first + i) & 255;
    parts.push(...bytes.subarray(0, 16 + Math.ceil((32 + rows) / 8) * 8));
  }
  return new Uint8Array(parts).buffer;
}

/** The worker's queue without a worker. */
function port(): DecodePort {
  const one: DecodePort = {
    postMessage: (request: DecodeRequest) => queue.take(request),
    onmessage: null,
    onerror: null,
  };
  const queue = new DecodeQueue(
    (data: DecodeReply) => one.onmessage?.({ data } as MessageEvent<DecodeReply>),
    (next) => void Promise.resolve().then(next),
  );
  return one;
}

interface Asked {
  from: number;
  to: number;
  signal: AbortSignal;
  answer: () => void;
  fail: (why: string) => void;
}

let asked: Asked[];
let changes: number;

function source(count: number, frames = count): FrameSource {
  return new FrameSource({
    series: 's',
    count,
    cache: new FrameCache(1 << 20),
    decoder: new FrameDecoder(port()),
    onchange: () => changes++,
    fetch: (from, to, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        asked.push({
          from,
          to,
          signal,
          answer: () => resolve(answer(from, to, frames)),
          fail: (why) => reject(new Error(why)),
        });
      }),
  });
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const still = { direction: 1, rate: 0 } as const;

beforeEach(() => {
  asked = [];
  changes = 0;
});

describe('FrameSource', () => {
  it('asks for the step first, then for what lies ahead', async () => {
    const frames = source(1000);
    frames.want(100, still);
    expect(asked.map(({ from, to }) => [from, to])).toEqual([[100, 101]]);
    frames.want(100, still); // on its way: the step itself is not asked for twice
    expect(asked).toHaveLength(2);
    asked[0]!.answer();
    await settle();
    expect(frames.get(100)?.row).toBe(4);
    expect([...frames.get(103)!.group.pictures]).toContain(103);
    expect(changes).toBeGreaterThan(0);
  });

  it('prefetches backwards when playing backwards', async () => {
    const frames = source(1000);
    frames.want(100, { direction: -1, rate: 60 });
    asked[0]!.answer();
    await settle();
    frames.want(100, { direction: -1, rate: 60 });
    expect(asked[1]!.to).toBe(96);
  });

  it('cancels what scrubbing has left behind', async () => {
    const frames = source(10_000);
    frames.want(100, still);
    frames.want(5000, still);
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[1]!.answer();
    await settle();
    expect(frames.get(5000)).not.toBeNull();
    expect(frames.error).toBeNull();
  });

  it('does not ask again for a step that has no frame', async () => {
    const frames = source(100, 40);
    frames.want(50, still);
    asked[0]!.answer();
    await settle();
    expect(frames.isAbsent(50)).toBe(true);
    frames.want(50, still);
    expect(asked.filter(({ from, to }) => from <= 50 && 50 < to)).toHaveLength(1);
    frames.grow(120);
    expect(frames.isAbsent(50)).toBe(false);
  });

  it('tells why a request failed and waits before the next', async () => {
    const frames = source(100);
    frames.want(0, still);
    asked[0]!.fail('the disk is gone');
    await settle();
    expect(frames.error?.message).toBe('the disk is gone');
    frames.want(0, still);
    expect(asked).toHaveLength(1);
  });

  it('makes thumbnails without filling the cache', async () => {
    const frames = source(100);
    const wanted = frames.thumbnail(42, 0, 16);
    asked[0]!.answer();
    const thumbnail = await wanted;
    expect(new Uint8Array(thumbnail!.rgba.buffer)[0]).toBe(42);
    expect(frames.get(42)).toBeNull();
  });

  it('stops asking once closed', () => {
    const frames = source(100);
    frames.want(0, still);
    frames.close();
    frames.want(50, still);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.signal.aborted).toBe(true);
  });
});

describe('DecodeQueue', () => {
  it('drops a cancelled request and decodes groups before thumbnails', async () => {
    const replies: string[] = [];
    const soon: (() => void)[] = [];
    const queue = new DecodeQueue(
      (reply) => replies.push(`${reply.kind} ${reply.id}`),
      (next) => soon.push(next),
    );
    queue.take({ kind: 'thumbnail', id: 1, bytes: answer(0, 1, 8), step: 0, plane: 0, side: 8 });
    queue.take({ kind: 'groups', id: 2, bytes: answer(0, 64, 64) });
    queue.take({ kind: 'groups', id: 3, bytes: answer(0, 1, 8) });
    soon.shift()!();
    queue.take({ kind: 'cancel', id: 2 });
    while (soon.length > 0) soon.shift()!();
    expect(replies).toEqual(['group 2', 'group 3', 'done 3', 'thumbnail 1']);
  });

  it('answers bytes that are no groups with why', () => {
    const replies: DecodeReply[] = [];
    const soon: (() => void)[] = [];
    const queue = new DecodeQueue(
      (reply) => replies.push(reply),
      (next) => soon.push(next),
    );
    queue.take({ kind: 'groups', id: 1, bytes: new ArrayBuffer(5) });
    while (soon.length > 0) soon.shift()!();
    expect(replies).toEqual([
      { kind: 'error', id: 1, message: 'frames: the answer ends within a prefix, 5 of 16 bytes' },
    ]);
  });
});
