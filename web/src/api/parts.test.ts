import { describe, expect, it } from 'vitest';

import { encodeColumns } from '../../testing/encode_columns';
import { columnNamed, type Columns } from './columns';
import { mapLayoutOf, mapPointsOf } from './maps';
import { readParts } from './parts';

function framed(...bodies: ArrayBuffer[]): Uint8Array {
  const all = new Uint8Array(bodies.reduce((sum, body) => sum + 4 + body.byteLength, 0));
  let at = 0;
  for (const body of bodies) {
    new DataView(all.buffer).setUint32(at, body.byteLength, true);
    all.set(new Uint8Array(body), at + 4);
    at += 4 + body.byteLength;
  }
  return all;
}

/** The same bytes in pieces of a size, as a network may cut them. */
function streamOf(bytes: Uint8Array, piece: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += piece) controller.enqueue(bytes.slice(at, at + piece));
      controller.close();
    },
  });
}

const numbers = (name: string, data: ArrayBufferView & { length: number }, dtype: string) => ({
  name,
  dtype,
  shape: [data.length],
  data,
});
const POINTS = encodeColumns(
  [
    numbers('source', Uint32Array.of(0, 0, 1), 'uint32'),
    numbers('episode', Float64Array.of(3, 3, 9), 'float64'),
    numbers('step', Float64Array.of(0, 5, 2), 'float64'),
  ],
  { part: 'points', map: 'm1', of: 'observation', width: 4, steps: 30, left_out: [{ why: 'NaN', count: 2 }] },
);
const LAYOUT = encodeColumns(
  [numbers('x', Float32Array.of(1, 2, 3), 'float32'), numbers('y', Float32Array.of(4, 5, NaN), 'float32')],
  { part: 'layout', method: 'pca', round: 1, rounds: 1, done: true, variance_ratio: [0.7, 0.2] },
);
const PHASE = encodeColumns([], { part: 'layout', method: 'umap', phase: 'neighbours', share: 0.5 });
const ERROR = encodeColumns([], {
  part: 'error',
  code: 'too_few',
  message: 'one sample',
  hint: 'record more',
});

async function read(bytes: Uint8Array, piece = 7): Promise<Columns[]> {
  const parts: Columns[] = [];
  await readParts(streamOf(bytes, piece), (part) => parts.push(part));
  return parts;
}

describe('parts', () => {
  it.each([1, 3, 64, 100_000])('are whole however the network cuts them (%i bytes)', async (piece) => {
    const [points, phase, layout] = await read(framed(POINTS, PHASE, LAYOUT), piece);
    expect(mapPointsOf(points)).toMatchObject({ id: 'm1', width: 4, steps: 30, notes: [] });
    expect([...mapPointsOf(points).episode]).toEqual([3, 3, 9]);
    expect(mapLayoutOf(phase)).toMatchObject({ phase: 'neighbours', share: 0.5, places: null, done: false });
    const { places, varianceRatio, done } = mapLayoutOf(layout);
    expect([...places!.y]).toEqual([4, 5, NaN]);
    expect(places!.z).toBeNull();
    expect([varianceRatio, done]).toEqual([[0.7, 0.2], true]);
  });

  it('throw what the server says went wrong, after what came before', async () => {
    const parts: Columns[] = [];
    const reading = readParts(streamOf(framed(POINTS, ERROR), 9), (part) => parts.push(part));
    await expect(reading).rejects.toMatchObject({
      code: 'too_few',
      message: 'one sample',
      hint: 'record more',
    });
    expect(parts).toHaveLength(1);
    expect(columnNamed(parts[0], 'step').rows).toBe(3);
  });

  it('say when they break off, or are longer than any may be', async () => {
    const whole = framed(POINTS, LAYOUT);
    for (const cut of [1, 4, POINTS.byteLength, POINTS.byteLength + 6, whole.length - 1]) {
      await expect(read(whole.slice(0, cut)), String(cut)).rejects.toMatchObject({ code: 'cut_off' });
    }
    await expect(read(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).rejects.toThrow('longer than allowed');
    await expect(read(framed(new ArrayBuffer(12)))).rejects.toThrow('expected ETHC');
    expect(await read(new Uint8Array())).toEqual([]);
  });
});
