import { expect, test } from 'vitest';

import { ApiError } from './source';
import { readVideo, type VideoProgress } from './video';

function part(done: number, kind: number, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const all = new Uint8Array(16 + bytes.length);
  const view = new DataView(all.buffer);
  [done, 9, kind, bytes.length].forEach((number, i) => view.setUint32(4 * i, number, true));
  all.set(bytes, 16);
  return all;
}

/** A stream of these bytes, `size` at a time, so that heads and bodies are cut anywhere. */
function streamOf(parts: Uint8Array[], size: number): ReadableStream<Uint8Array> {
  const all = new Uint8Array(parts.flatMap((bytes) => [...bytes]));
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= all.length) controller.close();
      else controller.enqueue(all.slice(at, (at += size)));
    },
  });
}

const text = (words: string) => new TextEncoder().encode(words);

test.each([1, 5, 16, 17, 1000])('a film in pieces of %i bytes is whole', async (size) => {
  const told: VideoProgress[] = [];
  const parts = [part(3, 0), part(6, 0, text('abc')), part(9, 0, text('defg')), part(9, 1)];
  const film = await readVideo(streamOf(parts, size), 'mp4', (progress) => told.push(progress));
  expect(film.type).toBe('video/mp4');
  expect(await film.text()).toBe('abcdefg');
  expect(told.map(({ done }) => done)).toEqual([3, 6, 9, 9]);
  expect(told[0].frames).toBe(9);
});

test('an error of the server is told as it says it', async () => {
  const body = text(JSON.stringify({ code: 'video', message: 'the disk is gone', hint: '' }));
  const film = readVideo(streamOf([part(3, 0, text('abc')), part(3, 2, body)], 7), 'gif', () => undefined);
  const error = await film.catch((why: unknown) => why);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 500, code: 'video', message: 'the disk is gone' });
});

test('a stream that ends before the film does is no film', async () => {
  const film = readVideo(streamOf([part(3, 0, text('abc'))], 7), 'mp4', () => undefined);
  await expect(film).rejects.toThrow('the film broke off before its end');
});
