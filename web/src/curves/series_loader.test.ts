import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Series } from '../api/series';
import type { SeriesQuery } from '../api/wire';
import { Curve } from './curve.svelte';
import { SERIES_MAX, SeriesLoader } from './series_loader';
import type { ChartItem } from './tags';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const query = (run: string, tag = 'x'): SeriesQuery => ({ run, axis: 'global_step', tag });

/** A curve of one point whose value tells which query it answers. */
function answer(asked: SeriesQuery, value = 1): Series {
  const one = Float64Array.of(value);
  return {
    query: asked,
    total: 1,
    extent: [0, 0],
    step: one,
    timeUs: one,
    count: Uint32Array.of(2),
    min: one,
    max: one,
    mean: one,
    last: one,
    notFinite: null,
    low: null,
    high: null,
  };
}

function client() {
  return { series: vi.fn(async (queries: readonly SeriesQuery[]) => queries.map((asked) => answer(asked))) };
}

it('puts what several charts want at once into one request, and gives each its own', async () => {
  const api = client();
  const loader = new SeriesLoader(api);
  const answers = Promise.all([
    loader.load([query('a'), query('b')], 100),
    loader.load([query('c')], 100),
    loader.load([], 100),
  ]);
  await vi.runAllTimersAsync();
  expect((await answers).map((list) => list.map(({ query: { run } }) => run).join())).toEqual([
    'a,b',
    'c',
    '',
  ]);
  expect(api.series).toHaveBeenCalledTimes(1);
});

it('keeps to the limit of the server', async () => {
  const api = client();
  const queries = Array.from({ length: SERIES_MAX + 1 }, (_, i) => query(String(i)));
  const answers = new SeriesLoader(api).load(queries, 100);
  await vi.runAllTimersAsync();
  expect((await answers).map((one) => one.query.run)).toEqual(queries.map((one) => one.run));
  expect(api.series.mock.calls.map(([asked]) => asked.length)).toEqual([SERIES_MAX, 1]);
});

it('parts no chart that need not be parted, and answers each as soon as its own is there', async () => {
  const asked: { queries: readonly SeriesQuery[]; release: () => void }[] = [];
  const series = (queries: readonly SeriesQuery[]) =>
    new Promise<Series[]>((resolve) =>
      asked.push({ queries, release: () => resolve(queries.map((one) => answer(one))) }),
    );
  const loader = new SeriesLoader({ series });
  const seen: string[] = [];
  const many = (tag: string) => Array.from({ length: 100 }, (_, i) => query(String(i), tag));
  for (const tag of ['a', 'b', 'c', 'd', 'e'])
    void loader.load(many(tag), 1).then((list) => seen.push(`${tag} ${list.length}`));
  await vi.runAllTimersAsync();
  // Two at once; a third when one of them is there.
  expect(asked.map(({ queries }) => queries.length)).toEqual([200, 200]);
  asked[1].release();
  await vi.runAllTimersAsync();
  expect(seen).toEqual(['c 100', 'd 100']);
  expect(asked.map(({ queries }) => queries.length)).toEqual([200, 200, 100]);
  asked[0].release();
  asked[2].release();
  await vi.runAllTimersAsync();
  expect(seen.toSorted()).toEqual(['a 100', 'b 100', 'c 100', 'd 100', 'e 100']);
});

it('waits for what is on its way rather than ask for it twice', async () => {
  const release: (() => void)[] = [];
  const series = vi.fn(async (queries: readonly SeriesQuery[]) => {
    await new Promise<void>((resolve) => release.push(resolve));
    return queries.map((asked) => answer(asked));
  });
  const curve = new Curve(ITEM, new SeriesLoader({ series }), { of: vi.fn() } as never);
  curve.want(want({ a: 1, b: 1 }));
  curve.want(want({ a: 1, b: 1 }));
  await vi.runAllTimersAsync();
  expect(curve.loaded).toBe(false);
  // A run that grew meanwhile, and one that joined, are asked for; the other is not.
  curve.want(want({ a: 1, b: 2, c: 1 }));
  await vi.runAllTimersAsync();
  expect(series.mock.calls.map(([queries]) => queries.map(({ run }) => run))).toEqual([
    ['a', 'b'],
    ['b', 'c'],
  ]);
  release.forEach((one) => one());
  await vi.runAllTimersAsync();
  expect(curve.loaded).toBe(true);
  expect([...curve.points.keys()]).toEqual(['a', 'b', 'c']);

  // A request that failed is no longer on its way.
  const failing = vi.fn(() => Promise.reject(new Error('down')));
  const other = new Curve(ITEM, new SeriesLoader({ series: failing }), { of: vi.fn() } as never);
  other.want(want({ a: 1 }));
  await vi.runAllTimersAsync();
  other.want(want({ a: 1 }));
  await vi.runAllTimersAsync();
  expect(failing).toHaveBeenCalledTimes(2);
});

it('tells everybody of a failure', async () => {
  const loader = new SeriesLoader({ series: () => Promise.reject(new Error('down')) });
  const answers = Promise.allSettled([loader.load([query('a')], 1), loader.load([query('b')], 1)]);
  await vi.runAllTimersAsync();
  expect((await answers).map((one) => one.status)).toEqual(['rejected', 'rejected']);
});

const ITEM: ChartItem = { key: 'x', title: 'x', tag: 'x', axis: 'global_step', from: 'scalars' };
const STEP = { kind: 'step', startUs: 0, starts: null } as const;
const want = (revisions: Record<string, number>, range: [number, number] | null = null) => ({
  lines: Object.entries(revisions).map(([id, revision]) => ({
    id,
    runs: [{ id, revision, startUs: 0 }],
    grouped: false,
    x: STEP,
  })),
  smoothed: false,
  range,
  buckets: 256,
});

it('B-1: asks again only for the run that grew', async () => {
  const api = client();
  const curve = new Curve(ITEM, new SeriesLoader(api), { of: vi.fn() } as never);
  curve.want(want({ a: 1, b: 1 }));
  await vi.runAllTimersAsync();
  curve.want(want({ a: 1, b: 2 }));
  await vi.runAllTimersAsync();
  expect(api.series.mock.calls.map(([queries]) => queries.map(({ run }) => run))).toEqual([
    ['a', 'b'],
    ['b'],
  ]);
  expect([...curve.points.keys()]).toEqual(['a', 'b']);
});

it('shows what it has while a zoom is asked for, and never an answer to an older zoom', async () => {
  const release: ((value: number) => void)[] = [];
  const series = vi.fn(async (queries: readonly SeriesQuery[]) => {
    const value = await new Promise<number>((resolve) => release.push(resolve));
    return queries.map((asked) => answer(asked, value));
  });
  const curve = new Curve(ITEM, new SeriesLoader({ series }), { of: vi.fn() } as never);
  const shown = () => curve.points.get('a')?.mean[0];

  curve.want(want({ a: 1 }));
  await vi.runAllTimersAsync();
  release[0](10);
  await vi.runAllTimersAsync();
  expect(shown()).toBe(10);

  curve.want(want({ a: 1 }, [0, 50]));
  await vi.runAllTimersAsync();
  curve.want(want({ a: 1 }, [0, 5]));
  await vi.runAllTimersAsync();
  expect(shown()).toBe(10);
  release[2](30);
  await vi.runAllTimersAsync();
  expect(shown()).toBe(30);
  release[1](20);
  await vi.runAllTimersAsync();
  expect(shown()).toBe(30);

  curve.want(want({ a: 1 }));
  expect(shown()).toBe(10);
});

const seeds = (...revisions: number[]) => ({
  lines: [
    {
      id: 'group:dqn',
      runs: revisions.map((revision, i) => ({ id: `s${i}`, revision, startUs: i })),
      grouped: true,
      x: STEP,
    },
  ],
  smoothed: false,
  range: null,
  buckets: 256,
});

it('B-1: asks for a group as one curve, again when one of its runs grew or another joined', async () => {
  const api = client();
  const curve = new Curve(ITEM, new SeriesLoader(api), { of: vi.fn() } as never);
  for (const want of [seeds(1, 1), seeds(1, 1), seeds(1, 2), seeds(1, 2, 1)]) {
    curve.want(want);
    await vi.runAllTimersAsync();
  }
  expect(api.series.mock.calls.map(([queries]) => queries.map(({ runs }) => runs?.join()))).toEqual([
    ['s0,s1'],
    ['s0,s1'],
    ['s0,s1,s2'],
  ]);
  expect([...curve.points.keys()]).toEqual(['group:dqn']);
});

it('counts each run of a group against the limit of the server', async () => {
  const api = client();
  const group: SeriesQuery = { runs: Array.from({ length: 60 }, String), axis: 'global_step', tag: 'x' };
  void new SeriesLoader(api).load(
    Array.from({ length: 5 }, () => group),
    100,
  );
  await vi.runAllTimersAsync();
  expect(api.series.mock.calls.map(([asked]) => asked.length)).toEqual([4, 1]);
});
