import { describe, expect, it, vi } from 'vitest';

import { encodeColumns } from '../../testing/encode_columns';
import { Client, notesOf } from './client';
import { isSeries } from './series';
import type { Notes } from './wire';
import { ApiError, HttpSource } from './source';

function client(respond: (path: string, init: RequestInit) => Response) {
  const fetcher = vi.fn(async (path: RequestInfo | URL, init?: RequestInit) =>
    respond(String(path), init ?? {}),
  );
  return { api: new Client(new HttpSource('', fetcher as typeof fetch)), fetcher };
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

describe('Client', () => {
  it('asks for what the documentation says', async () => {
    const asked: string[] = [];
    const empty = encodeColumns([]);
    const { api } = client((path) => {
      asked.push(path);
      return /fields|episodes\?|episodes$|frames|tensors|blobs/.test(path) ? new Response(empty) : json({});
    });
    await api.runs();
    await api.run('01J/x');
    await api.episodes('r', { from: 3, to: 9 });
    await api.episodes('r');
    await api.episode('r', 4);
    await api.fields('r', 4, ['reward', 'advantage'], { from: 0, to: 5, params: { 'advantage.gamma': 0.9 } });
    await api.frames('r', 4, 'observation/camera', { from: 32 });
    await api.tensors('r', 'global_step', 'weights/fc1');
    expect(asked.map((path) => decodeURIComponent(path))).toEqual([
      '/api/runs',
      '/api/runs/01J/x',
      '/api/runs/r/episodes?from=3&to=9',
      '/api/runs/r/episodes',
      '/api/runs/r/episodes/4',
      '/api/runs/r/episodes/4/fields?names=reward,advantage&from=0&to=5&advantage.gamma=0.9',
      '/api/runs/r/episodes/4/frames?field=observation/camera&from=32',
      '/api/runs/r/tensors?axis=global_step&tag=weights/fc1',
    ]);
    expect(asked[1]).toBe('/api/runs/01J%2Fx');
  });

  it('gives curves in the order of the questions, errors in their place', async () => {
    const floats = (name: string, ...values: number[]) => ({
      name: `1/${name}`,
      dtype: 'float64',
      shape: [values.length],
      data: Float64Array.from(values),
    });
    const answer = encodeColumns(
      [
        floats('step', 0, 10),
        floats('time_us', 5, 6),
        { name: '1/count', dtype: 'uint32', shape: [2], data: Uint32Array.of(3, 4) },
        { name: '1/not_finite', dtype: 'uint32', shape: [2], data: Uint32Array.of(0, 4) },
        floats('min', 1, NaN),
        floats('max', 2, NaN),
        floats('mean', 1.5, NaN),
        floats('last', 2, Infinity),
      ],
      {
        series: [
          { error: { code: 'not_found', message: 'no tag' } },
          { run: 'b', axis: 'global_step', tag: 'x', count: 7, first_step: 0, last_step: 10 },
        ],
      },
    );
    const { api, fetcher } = client(() => new Response(answer));
    const query = (run: string) => ({ run, axis: 'global_step', tag: 'x' }) as const;
    const [a, b, c] = await api.series([query('a'), query('b'), query('c')], 100);
    expect(JSON.parse(String(fetcher.mock.calls[0][1]?.body))).toEqual({
      series: [query('a'), query('b'), query('c')],
      buckets: 100,
    });
    expect([isSeries(a), isSeries(b), isSeries(c)]).toEqual([false, true, false]);
    expect(b).toMatchObject({ total: 7, extent: [0, 10], mean: Float64Array.of(1.5, NaN) });
  });
});

describe('errors', () => {
  it('carry what the server says', async () => {
    const { api } = client(() =>
      json({ code: 'not_found', message: 'no run 7', hint: 'was it moved?' }, 404),
    );
    const error = await api.run('7').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      message: 'no run 7',
      hint: 'was it moved?',
      code: 'not_found',
      isNotFound: true,
    });
  });

  it('of something else than our server are told by their status', async () => {
    const { api } = client(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
    await expect(api.runs()).rejects.toThrow('502 Bad Gateway');
  });

  it('say what to do when there is no token, and when there is no server', async () => {
    const closed = client(() => json({ code: 'unauthorized', message: 'a token is needed' }, 401));
    await expect(closed.api.runs()).rejects.toMatchObject({
      isUnauthorised: true,
      hint: expect.stringContaining('ethogram serve') as string,
    });
    const gone = new Client(new HttpSource('', () => Promise.reject(new TypeError('failed to fetch'))));
    await expect(gone.runs()).rejects.toMatchObject({
      isOffline: true,
      message: 'the server does not answer',
    });
  });
});

describe('what people write', () => {
  const notes: Notes = { title: 'the tunnel', description: '', tags: ['loop'], episodes: {} };
  const tagged = (body: unknown, tag: string, status = 200) =>
    new Response(JSON.stringify(body), { status, headers: { ETag: tag } });

  it('is read with its tag and replaced with it', async () => {
    const asked: [string, RequestInit][] = [];
    const { api } = client((path, init) => {
      asked.push([path, init]);
      return tagged(notes, init.method === 'PUT' ? '"2"' : '"1"');
    });
    const read = await api.notes('r/1');
    expect(read).toEqual({ value: notes, tag: '"1"' });
    expect((await api.putNotes('r/1', notes, read.tag)).tag).toBe('"2"');
    expect(asked.map(([path, init]) => [init.method ?? 'GET', path])).toEqual([
      ['GET', '/api/runs/r%2F1/notes'],
      ['PUT', '/api/runs/r%2F1/notes'],
    ]);
    expect(asked[1][1].headers).toEqual({ 'Content-Type': 'application/json', 'If-Match': '"1"' });
    expect(JSON.parse(asked[1][1].body as string)).toEqual(notes);
  });

  it('gives what somebody else wrote in between', async () => {
    const error = { code: 'changed', message: 'the notes changed', hint: 'merge' };
    const { api } = client(() => tagged({ ...error, notes }, '"3"', 412));
    const thrown: unknown = await api.putNotes('r', notes, '"1"').catch((caught: unknown) => caught);
    expect(thrown).toBeInstanceOf(ApiError);
    expect((thrown as ApiError).isChanged).toBe(true);
    expect(notesOf(thrown)).toEqual({ value: notes, tag: '"3"' });
  });

  it('gives nothing where there is nothing to take over', async () => {
    const cases = [
      tagged({ code: 'changed', message: 'x', notes: null }, '"3"', 412),
      new Response(JSON.stringify({ code: 'read_only', message: 'x' }), { status: 403 }),
    ];
    for (const answer of cases) {
      const { api } = client(() => answer);
      const thrown: unknown = await api.putNotes('r', notes, '"1"').catch((caught: unknown) => caught);
      expect(notesOf(thrown)).toBeNull();
    }
    expect(notesOf(new TypeError('x'))).toBeNull();
    expect(new ApiError(403, { code: 'read_only', message: 'x' }).isReadOnly).toBe(true);
  });

  it('knows layouts by project and name', async () => {
    const asked: string[] = [];
    const layout = { name: 'wide & long', layout: { columns: 3 }, updated_us: 7 };
    const { api } = client((path, init) => {
      asked.push(`${init.method ?? 'GET'} ${path} ${(init.body as string | undefined) ?? ''}`.trim());
      return json(init.method === 'PUT' ? layout : { layouts: [layout] });
    });
    expect(await api.layouts.list('a/b')).toEqual([layout]);
    expect(await api.layouts.put('a/b', 'wide & long', { columns: 3 })).toEqual(layout);
    expect(await api.layouts.remove('a/b', 'x')).toEqual([layout]);
    expect(asked).toEqual([
      'GET /api/layouts?project=a%2Fb',
      'PUT /api/layouts?project=a%2Fb&name=wide+%26+long {"columns":3}',
      'DELETE /api/layouts?project=a%2Fb&name=x',
    ]);
  });
});
