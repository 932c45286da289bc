import { afterEach, describe, expect, it, vi } from 'vitest';

import { encodeColumns } from '../../../testing/encode_columns';
import { Client } from '../../api/client';
import type { MapRequest } from '../../api/maps';
import type { Ask, Source } from '../../api/source';
import { MapSession } from './map_session.svelte';

const REQUEST: MapRequest = {
  sources: [{ run: 'a' }],
  of: 'observation',
  points: 100,
  method: 'umap',
  dims: 2,
  settings: {},
};

function framed(body: ArrayBuffer): Uint8Array {
  const all = new Uint8Array(4 + body.byteLength);
  new DataView(all.buffer).setUint32(0, body.byteLength, true);
  all.set(new Uint8Array(body), 4);
  return all;
}
const column = (name: string, data: ArrayBufferView & { length: number }, dtype: string) => ({
  name,
  dtype,
  shape: [data.length],
  data,
});
const points = (map: string, steps: number[]) =>
  framed(
    encodeColumns(
      [
        column('source', new Uint32Array(steps.length), 'uint32'),
        column('episode', new Float64Array(steps.length), 'float64'),
        column('step', Float64Array.from(steps), 'float64'),
      ],
      { part: 'points', map, of: 'observation', width: 4, steps: steps.length },
    ),
  );
const layout = (x: number[], round: number, done = false) =>
  framed(
    encodeColumns(
      [column('x', Float32Array.from(x), 'float32'), column('y', Float32Array.from(x), 'float32')],
      {
        part: 'layout',
        method: round === 0 ? 'pca' : 'umap',
        round,
        rounds: 9,
        done,
      },
    ),
  );

/** A server whose answers the test sends part by part. */
class Server {
  asked: MapRequest[] = [];
  steered: unknown[] = [];
  aborted = 0;
  #streams: ReadableStreamDefaultController<Uint8Array>[] = [];

  readonly client = new Client({
    stream: (_: string, { body, signal }: Ask = {}) => {
      this.asked.push(body as MapRequest);
      return Promise.resolve(
        new ReadableStream<Uint8Array>({
          start: (controller) => {
            this.#streams.push(controller);
            signal?.addEventListener('abort', () => {
              this.aborted += 1;
              controller.error(signal.reason);
            });
          },
        }),
      );
    },
    json: (_: string, { body }: Ask = {}) => {
      this.steered.push(body);
      return Promise.resolve({ paused: (body as { pause?: boolean }).pause === true, round: 3, rounds: 9 });
    },
  } as unknown as Source);

  send(...parts: Uint8Array[]): Promise<unknown> {
    for (const part of parts) this.#streams.at(-1)!.enqueue(part);
    return new Promise((resolve) => setTimeout(resolve, 5));
  }

  end(): Promise<unknown> {
    this.#streams.at(-1)!.close();
    return new Promise((resolve) => setTimeout(resolve, 5));
  }
}

afterEach(() => vi.restoreAllMocks());

describe('map session', () => {
  it('shows layouts as they come, held and let go, until the last', async () => {
    const server = new Server();
    const session = new MapSession(server.client);
    session.show(REQUEST);
    expect([session.phase, session.shown]).toEqual(['asking', null]);
    await server.send(points('m1', [0, 1]), layout([1, 2], 0));
    expect(session.phase).toBe('running');
    expect([...session.shown!.places.x]).toEqual([1, 2]);
    expect(session.shown!.runs).toEqual(['a']);
    await session.pause(true);
    expect(session.phase).toBe('paused');
    await session.pause(false);
    await session.perturb();
    expect(server.steered).toEqual([{ pause: true }, { pause: false }, { perturb: 0.3 }]);
    await server.send(layout([3, 4], 5), layout([5, 6], 9, true));
    expect([session.phase, session.progress!.round]).toEqual(['done', 9]);
    expect([...session.shown!.places.x]).toEqual([5, 6]);
    await server.end();
    expect([session.phase, session.error]).toEqual(['done', null]);
    // The same again is there already.
    session.show({ ...REQUEST });
    expect(server.asked).toHaveLength(1);
  });

  it('keeps the old map until the next has a layout, and starts near it when only settings or the network differ', async () => {
    const server = new Server();
    const session = new MapSession(server.client);
    session.show(REQUEST);
    await server.send(points('m1', [0, 1]), layout([1, 2], 0, true));
    session.show({ ...REQUEST, settings: { n_neighbors: '5' } });
    expect(server.aborted).toBe(1);
    expect(server.asked[1].align_to).toBe('m1');
    expect([...session.shown!.places.x]).toEqual([1, 2]);
    await server.send(points('m2', [0, 1]), layout([7, 8], 1));
    expect([session.moves, session.shown!.points.id]).toEqual([true, 'm2']);
    session.show({ ...REQUEST, of: 'q_values' });
    expect(server.asked[2]).not.toHaveProperty('align_to');
    await server.send(points('m3', [0, 5]), layout([1, 1], 0));
    expect([session.moves, session.shown!.points.id]).toEqual([false, 'm3']);
  });

  it('knows which request the map on the screen answers, and adds to it from where its points lie', async () => {
    const server = new Server();
    const session = new MapSession(server.client);
    const text = JSON.stringify(REQUEST);
    session.show(REQUEST);
    expect(session.isShown(text)).toBe(false);
    await server.send(points('m1', [0, 1]), layout([1, 2], 0, true));
    expect([session.isShown(text), session.isShown(null)]).toEqual([true, false]);
    session.begin(REQUEST, 'm1');
    expect([server.asked[1].align_to, session.isShown(text)]).toEqual(['m1', true]);
    await server.send(points('m2', [0, 1, 2]), layout([1, 2, 3], 0, true));
    expect([...session.shown!.places.x]).toEqual([1, 2, 3]);
  });

  it('stops with what there is, and says what went wrong', async () => {
    const server = new Server();
    const session = new MapSession(server.client);
    session.show(REQUEST);
    await server.send(points('m1', [0, 1]), layout([1, 2], 0));
    session.stop();
    await server.send();
    expect([session.phase, session.error, server.aborted]).toEqual(['stopped', null, 1]);
    expect(session.shown).not.toBeNull();
    session.begin(REQUEST);
    expect(server.asked[1]).not.toHaveProperty('align_to');
    await server.send(
      framed(encodeColumns([], { part: 'error', code: 'nothing_to_map', message: 'one sample' })),
    );
    expect(session.phase).toBe('failed');
    expect(session.error).toMatchObject({ code: 'nothing_to_map', message: 'one sample' });
  });
});
