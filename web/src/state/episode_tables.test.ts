import { expect, it, vi } from 'vitest';

import { encodeColumns } from '../../testing/encode_columns';
import { Client } from '../api/client';
import { EpisodeTables } from './episode_tables';

type Row = { episode: number; end: string; return: number };

function answer(rows: Row[]): ArrayBuffer {
  const floats = (name: string, value: (row: Row) => number) => ({
    name,
    dtype: 'float64',
    shape: [rows.length],
    data: Float64Array.from(rows, value),
  });
  return encodeColumns([
    floats('episode', (row) => row.episode),
    floats('global_step', (row) => row.episode * 10),
    floats('length', () => 10),
    floats('started_us', () => 1),
    floats('episode_return', (row) => row.return),
    { name: 'recorded', dtype: 'bool', shape: [rows.length], data: Uint8Array.from(rows, () => 1) },
    { name: 'evaluation', dtype: 'bool', shape: [rows.length], data: new Uint8Array(rows.length) },
    { name: 'env_index', dtype: 'uint32', shape: [rows.length], data: new Uint32Array(rows.length) },
    ...['seed', 'ended_us', 'checkpoint', 'env_return'].map((name) => floats(name, () => 1)),
    { name: 'agent', dtype: 'text', shape: [rows.length], data: rows.map(() => null) },
    { name: 'extra', dtype: 'text', shape: [rows.length], data: rows.map(() => '{"level":3}') },
    { name: 'end', dtype: 'text', shape: [rows.length], data: rows.map((row) => row.end) },
  ]);
}

it('reads a table once, then from its first open episode on', async () => {
  const answers = [
    answer([
      { episode: 0, end: 'terminated', return: 1 },
      { episode: 2, end: 'open', return: 2 },
      { episode: 3, end: 'terminated', return: 3 },
    ]),
    answer([
      { episode: 2, end: 'truncated', return: 20 },
      { episode: 3, end: 'terminated', return: 3 },
      { episode: 4, end: 'both', return: 4 },
    ]),
    answer([]),
  ];
  const bytes = vi.fn<(path: string) => Promise<ArrayBuffer>>(async () => answers.shift()!);
  const tables = new EpisodeTables(
    new Client({ json: vi.fn(), tagged: vi.fn(), lines: vi.fn(), stream: vi.fn(), bytes }),
  );

  await tables.of('r', 1);
  expect((await tables.of('r', 1)).episode.length).toBe(3);
  const table = await tables.of('r', 2);
  expect([...table.episode]).toEqual([0, 2, 3, 4]);
  expect([...table.episodeReturn]).toEqual([1, 20, 3, 4]);
  expect([...table.ended]).toEqual([1, 1, 1, 1]);
  expect([...(await tables.of('r', 3)).episode]).toEqual([0, 2, 3, 4]);
  expect(bytes.mock.calls.map(([path]) => path)).toEqual([
    '/api/runs/r/episodes',
    '/api/runs/r/episodes?from=2',
    '/api/runs/r/episodes?from=5',
  ]);
});

it('asks again after a failure', async () => {
  const bytes = vi
    .fn<() => Promise<ArrayBuffer>>()
    .mockRejectedValueOnce(new Error('down'))
    .mockResolvedValueOnce(answer([{ episode: 0, end: 'terminated', return: 1 }]));
  const tables = new EpisodeTables(
    new Client({ json: vi.fn(), tagged: vi.fn(), lines: vi.fn(), stream: vi.fn(), bytes }),
  );
  await expect(tables.of('r', 1)).rejects.toThrow('down');
  expect(await tables.nearest('r', 1, { axis: 'episode', value: 0 })).toMatchObject({ episode: 0 });
});
