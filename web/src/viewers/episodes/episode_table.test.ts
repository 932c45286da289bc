import { describe, expect, it } from 'vitest';

import { decodeColumns } from '../../api/columns';
import { encodeColumns } from '../../../testing/encode_columns';
import {
  durationSecs,
  EMPTY_TABLE,
  orderOf,
  staleFrom,
  tableOf,
  withNewer,
  type EpisodeTable,
} from './episode_table';

interface Row {
  episode: number;
  end?: string;
  episode_return?: number | null;
  recorded?: number;
  evaluation?: number;
  ended_us?: number | null;
}

function table(rows: Row[]): EpisodeTable {
  const number = (name: string, of: (row: Row) => number | null | undefined) => ({
    name,
    dtype: 'float64',
    shape: [rows.length],
    data: Float64Array.from(rows, (row) => of(row) ?? 0),
    valid: rows.map((row) => Number(of(row) !== null)),
  });
  const names = ['env_index', 'seed', 'length', 'global_step', 'started_us', 'checkpoint'];
  const body = encodeColumns([
    number('episode', (row) => row.episode),
    number('episode_return', (row) => row.episode_return),
    number('recorded', (row) => row.recorded),
    number('evaluation', (row) => row.evaluation),
    number('ended_us', (row) => row.ended_us),
    ...names.map((name) => number(name, () => 0)),
    { name: 'end', dtype: 'text', shape: [rows.length], data: rows.map((row) => row.end ?? 'terminated') },
  ]);
  return tableOf(decodeColumns(body));
}

const ALL = { recorded: false, kind: 'all', state: 'all' } as const;

describe('episode table', () => {
  it('sorts, keeping the order of equals and missing values last', () => {
    const episodes = table([3, null, 1, 3].map((episode_return, episode) => ({ episode, episode_return })));
    expect([...orderOf(episodes, ALL, 'episode_return', 1)]).toEqual([2, 0, 3, 1]);
    expect([...orderOf(episodes, ALL, 'episode_return', -1)]).toEqual([0, 3, 2, 1]);
    expect([...orderOf(episodes, ALL, 'episode', -1)]).toEqual([3, 2, 1, 0]);
  });

  it('filters by what was recorded, why, and whether it goes on', () => {
    const episodes = table([
      { episode: 0, recorded: 1, evaluation: 1 },
      { episode: 1, recorded: 1 },
      { episode: 2 },
      { episode: 3, end: 'open', recorded: 1 },
    ]);
    const rows = (filter: object) => [...orderOf(episodes, { ...ALL, ...filter }, 'episode', 1)];
    expect(rows({ recorded: true })).toEqual([0, 1, 3]);
    expect(rows({ kind: 'evaluation' })).toEqual([0]);
    expect(rows({ kind: 'training', state: 'finished' })).toEqual([1, 2]);
    expect(rows({ state: 'live' })).toEqual([3]);
  });

  it('asks again from the first episode that goes on, and takes what came', () => {
    const before = table([{ episode: 0 }, { episode: 2, end: 'open' }, { episode: 3 }]);
    expect(staleFrom(before)).toBe(2);
    const after = withNewer(before, 2, table([{ episode: 2 }, { episode: 3 }, { episode: 4, end: 'open' }]));
    expect([...after.numbers.episode]).toEqual([0, 2, 3, 4]);
    expect([...after.end]).toEqual([1, 1, 1, 0]);
    expect(staleFrom(EMPTY_TABLE)).toBe(0);
    expect(staleFrom(table([{ episode: 7 }]))).toBe(8);
  });

  it('has no duration while the episode goes on', () => {
    const episodes = table([
      { episode: 0, ended_us: 2_500_000 },
      { episode: 1, ended_us: null },
    ]);
    expect(durationSecs(episodes, 0)).toBe(2.5);
    expect(durationSecs(episodes, 1)).toBeNaN();
  });

  it('orders a hundred thousand episodes within a moment', () => {
    const rows = 100_000;
    const random = Float64Array.from({ length: rows }, (_, i) => (i * 7919) % 1009);
    const episode = Float64Array.from({ length: rows }, (_, i) => i);
    const large = {
      rows,
      end: new Uint8Array(rows),
      numbers: { ...EMPTY_TABLE.numbers, episode, episode_return: random },
    };
    const started = performance.now();
    const order = orderOf(large, ALL, 'episode_return', -1);
    // Ten times what a busy machine takes.
    expect(performance.now() - started).toBeLessThan(2000);
    expect(random[order[0]]).toBe(1008);
    expect(random[order[rows - 1]]).toBe(0);
  });
});
