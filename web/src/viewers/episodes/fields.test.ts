import { describe, expect, it } from 'vitest';

import { episodeSet } from '../../../testing/episode_table';
import { coloursBy } from '../../charts/value_colours';
import { EpisodeFields } from './fields';
import { orderRows } from './order';
import { formatSpec, medianWindow, parseSpec } from './spec';
import { pointsAlong } from './trends.svelte';

const rowsOf = (count: number) => Uint32Array.from({ length: count }, (_, row) => row);

describe('episode fields', () => {
  it('finds what was logged with episodes, numbers and words apart', () => {
    const set = episodeSet([
      { extra: { level: 3, map: 'b', solved: true, tags: ['x', 4], deep: { a: 1 }, '<i>': 1 } },
      { extra: { level: 'odd', map: 'a' } },
      {},
    ]);
    const fields = new EpisodeFields(set);
    expect(fields.list.map(({ key }) => key).filter((key) => key.startsWith('extra/'))).toEqual([
      'extra/<i>',
      'extra/level',
      'extra/map',
      'extra/solved',
    ]);
    expect([...fields.get('extra/level')!.values]).toEqual([3, NaN, NaN]);
    expect(fields.get('extra/map')).toMatchObject({ words: ['a', 'b'], values: Float64Array.of(1, 0, NaN) });
    expect(fields.get('extra/solved')!.words).toEqual(['true']);
    expect(fields.get('nothing')).toBeNull();
    expect([0, 1, 2].map((row) => fields.words.tags(row))).toEqual([['x'], [], []]);
  });

  it('puts scalars at the rows of their episodes, run by run', () => {
    const set = episodeSet([{ episode: 0 }, { episode: 2 }, { episode: 3 }], [{ episode: 2 }]);
    const scalars = new Map([
      ['loss', new Map([['a', { episode: Float64Array.of(1, 2, 5), value: Float64Array.of(10, 20, 50) }]])],
    ]);
    const fields = new EpisodeFields(set, ['loss', 'other'], scalars);
    expect([...fields.get('scalar/loss')!.values]).toEqual([NaN, 20, NaN, NaN]);
    expect(fields.get('scalar/other'), 'not there yet').toBeNull();
    expect(fields.list.at(-1)!.key).toBe('scalar/other');
  });

  it('has no duration while an episode goes on', () => {
    const set = episodeSet([
      { startedUs: 0, endedUs: 2_500_000 },
      { startedUs: 0, endedUs: NaN, end: 'open' },
    ]);
    expect([...new EpisodeFields(set).get('duration')!.values]).toEqual([2.5, NaN]);
  });
});

describe('episodes that only a film stands for', () => {
  it('have no length, unlike those that have just begun', () => {
    const set = episodeSet([
      { length: 0, episodeReturn: NaN, end: 'unknown' },
      { length: 0, episodeReturn: 0, end: 'open' },
      { length: 7, episodeReturn: NaN, end: 'terminated' },
    ]);
    expect([...new EpisodeFields(set).get('length')!.values]).toEqual([NaN, 0, 7]);
  });
});

describe('order of episodes', () => {
  const order = (returns: number[], key: string, direction: 1 | -1) => {
    const fields = new EpisodeFields(episodeSet(returns.map((episodeReturn) => ({ episodeReturn }))));
    return [...orderRows(rowsOf(returns.length), fields.get(key)!, direction)];
  };

  it('keeps the order of equals, infinities at the ends, and missing values last', () => {
    expect(order([3, NaN, 1, 3, -Infinity, Infinity], 'return', 1)).toEqual([4, 2, 0, 3, 5, 1]);
    expect(order([3, NaN, 1, 3, -Infinity, Infinity], 'return', -1)).toEqual([5, 0, 3, 2, 4, 1]);
    expect(order([3, 2, 1], 'episode', -1)).toEqual([2, 1, 0]);
    expect(order([], 'return', 1)).toEqual([]);
  });

  it('sorts a hundred thousand within a moment', () => {
    const returns = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 1009);
    const fields = new EpisodeFields(episodeSet(returns.map((episodeReturn) => ({ episodeReturn }))));
    const started = performance.now();
    const found = orderRows(rowsOf(returns.length), fields.get('return')!, -1);
    // Ten times what a busy machine takes.
    expect(performance.now() - started).toBeLessThan(2000);
    expect([returns[found[0]], returns[found[99_999]]]).toEqual([1008, 0]);
  });
});

describe('the address', () => {
  it('holds everything that was chosen, and nothing that was not', () => {
    const read = (params: Record<string, string | null>) => parseSpec((name) => params[name] ?? null);
    const plain = read({});
    expect(Object.values(formatSpec(plain)).every((value) => value === null)).toBe(true);
    const spec = {
      ...plain,
      all: true,
      filter: 'tag:"a b" return > 3',
      sort: { key: 'extra/level', direction: 1 as const },
      x: 'scalar/eval/success',
      logY: true,
      trend: 'poly5' as const,
      box: { x: [0, 12.5] as const, y: null },
      follow: true,
      one: true,
    };
    expect(read(formatSpec(spec))).toEqual(spec);
    expect(read({ trend: 'constructor', box: '5..3,', sort: '' })).toEqual(plain);
    expect(read({ box: '-21..21,-inf..3' }).box).toEqual({ x: [-21, 21], y: null });
  });

  it('takes an odd window', () => {
    expect([medianWindow(0), medianWindow(400), medianWindow(1e6)]).toEqual([5, 11, 1001]);
  });
});

it('gives a trend its points along x, without those that have no place', () => {
  const found = pointsAlong([0, 1, 2, 3], Float64Array.of(5, NaN, 1, 5), Float64Array.of(50, 0, NaN, 51));
  expect([[...found.x], [...found.y]]).toEqual([
    [1, 5, 5],
    [NaN, 50, 51],
  ]);
});

it('colours by words and by numbers, and what is missing as such', () => {
  const set = episodeSet([{ extra: { map: 'a', level: 0 } }, { extra: { map: 'b', level: 10 } }, {}]);
  const fields = new EpisodeFields(set);
  const of = (key: string) => coloursBy(fields.get(key), [0, 1, 2], 'light', 'plain', 'faint', String);
  const words = of('extra/map');
  expect(words.legend.map(({ label }) => label)).toEqual(['a', 'b', 'none']);
  expect([0, 1, 2].map((row) => words.colours[words.group(row)])[2]).toBe('faint');
  const numbers = of('extra/level');
  expect([0, 1, 2].map(numbers.group)).toEqual([0, 6, 7]);
  expect(coloursBy(null, [], 'dark', 'plain', 'faint', String).colours).toEqual(['plain']);
});
