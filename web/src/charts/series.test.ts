import { describe, expect, it } from 'vitest';

import { stretches } from './paint_lines';
import {
  indexAt,
  innerExtent,
  lowerBound,
  nearestIndex,
  padded,
  reachOf,
  shownText,
  unseen,
  xExtent,
  yExtent,
  type LineSeries,
} from './series';
import { textTwin } from './text_twin';

function series(x: number[], y: number[], over: Partial<LineSeries> = {}): LineSeries {
  return {
    id: 'a',
    label: 'A',
    colour: 'red',
    dash: [],
    x: Float64Array.from(x),
    y: Float64Array.from(y),
    low: null,
    high: null,
    smooth: null,
    ...over,
  };
}

describe('the value at a point in words', () => {
  it('is NaN where that was logged, and missing where there is nothing', () => {
    const logged = series([0, 1], [2.5, NaN]);
    expect([0, 1, -1].map((index) => shownText(logged, index))).toEqual(['2.5', 'NaN', '–']);
    const sparse = { ...logged, sparse: true };
    expect([0, 1].map((index) => shownText(sparse, index))).toEqual(['2.5', '–']);
    const twin = (of: LineSeries) => textTwin([of], [0, 1], 2).samples.map(({ values }) => values[0]);
    expect([twin(logged), twin(sparse)]).toEqual([
      ['2.5', 'NaN'],
      ['2.5', '–'],
    ]);
  });
});

describe('finding points', () => {
  const xs = Float64Array.of(0, 10, 20, 40);

  it.each([
    [-5, 0, 0],
    [0, 0, 0],
    [4, 0, 1],
    [5, 0, 1],
    [6, 1, 1],
    [29, 2, 3],
    [31, 3, 3],
    [99, 3, 4],
  ])('at %d the nearest is %d, the first beyond %d', (x, nearest, beyond) => {
    expect([nearestIndex(xs, x), lowerBound(xs, x)]).toEqual([nearest, beyond]);
  });

  it('finds none among none', () => expect(nearestIndex(new Float64Array(), 1)).toBe(-1));

  it('does not lend a run’s last value to steps that it never reached', () => {
    const short = series([0, 10, 20], [1, 2, 3]);
    const reach = reachOf(short, 1);
    expect([indexAt(short, 21, reach), indexAt(short, 200, reach)]).toEqual([2, -1]);
  });
});

describe('extents', () => {
  it('sees bands and smoothed lines, but only what is in view, and one point beyond each edge', () => {
    const one = series([0, 1, 2, 3, 4], [9, 1, 2, 1, 9], { low: Float64Array.of(-9, 0, 1, 0, -9) });
    expect(yExtent([one], [2, 2], false)).toEqual([0, 2]);
    expect(yExtent([one], [0, 4], false)).toEqual([-9, 9]);
  });

  it('passes over what is no number, and over what a logarithm cannot show', () => {
    const one = series([0, 1, 2, 3], [NaN, -1, Infinity, 10]);
    expect(yExtent([one], [0, 3], false)).toEqual([-1, 10]);
    expect(yExtent([one], [0, 3], true)).toEqual([10, 10]);
    expect(yExtent([series([0], [NaN])], [0, 0], false)).toBeNull();
  });

  it('is never empty once padded', () => {
    for (const [low, high] of [padded([3, 3], false), padded([0, 0], false), padded([5, 5], true)])
      expect(high).toBeGreaterThan(low);
    expect(padded([1, 100], true)[0]).toBeGreaterThan(0);
    const [low, high] = padded([900, 900.0000000000001], false);
    expect(high - low).toBeGreaterThan(1);
  });

  it('covers all series in x', () => {
    expect(xExtent([series([5, 9], [0, 0]), series([1], [0]), series([], [])])).toEqual([1, 9]);
    expect(xExtent([series([], [])])).toBeNull();
  });
});

it('draws a gap as a gap: stretches end where nothing was logged', () => {
  const found: [number, number][] = [];
  const one = series([0, 1, 2, 3, 4, 5], [1, 2, NaN, -3, 4, NaN]);
  const plane = { x: { from: 0, to: 5, log: false }, y: { log: false } };
  stretches(one.x, plane, [one.y], (from, to) => found.push([from, to]));
  expect(found).toEqual([
    [0, 2],
    [3, 5],
  ]);
  found.length = 0;
  stretches(one.x, { ...plane, y: { log: true } }, [one.y], (from, to) => found.push([from, to]));
  expect(found).toEqual([
    [0, 2],
    [4, 5],
  ]);
});

it('tells in words what it draws', () => {
  const a = series([0, 10, 20, 30], [1, NaN, 3, 2]);
  const b = series([0, 10], [5, 6], {
    id: 'b',
    label: 'B',
    low: Float64Array.of(4, 4),
    high: Float64Array.of(7, 8),
  });
  const twin = textTwin([a, b], [0, 30], 4);
  expect(twin.rows).toEqual([
    { label: 'A', points: 4, first: '1', last: '2', min: '1', max: '3' },
    { label: 'B', points: 2, first: '5', last: '6', min: '4', max: '8' },
  ]);
  expect(twin.samples.map(({ x }) => x)).toEqual([0, 10, 20, 30]);
  expect(twin.samples[1].values).toEqual(['NaN', '6']);
  expect(twin.samples[3].values).toEqual(['2', '']);
});

describe('what is not seen', () => {
  const line = (y: number[], over: Partial<LineSeries> = {}): LineSeries => ({
    id: 'a',
    label: 'A',
    colour: 'red',
    dash: [],
    x: Float64Array.from(y, (_, i) => i),
    y: Float64Array.from(y),
    low: null,
    high: null,
    smooth: null,
    ...over,
  });

  it('A-15: leaves percentiles of the values out of y, and counts them', () => {
    const values = Array.from({ length: 101 }, (_, i) => i);
    values[50] = 1e6;
    const inner = innerExtent([line(values)], [0, 100], 1, false);
    expect(inner).toEqual([1, 100]);
    expect(unseen([line(values)], [0, 100], inner!, false)).toEqual({
      outside: 2,
      notPositive: 0,
      notFinite: 0,
    });
    expect(innerExtent([line([NaN])], [0, 1], 1, false)).toBeNull();
    expect(innerExtent([line([5])], [0, 1], 25, false)).toEqual([5, 5]);
  });

  it('counts what a logarithm cannot show, and what is no number, within what is seen', () => {
    const odd = { x: Float64Array.of(1, 9), sign: Int8Array.of(0, 1), count: [4, 5] };
    expect(unseen([line([-1, NaN, 0, 2, 3], { odd })], [0, 4], [1, 10], true)).toEqual({
      outside: 0,
      notPositive: 2,
      notFinite: 4,
    });
  });

  it('begins a logarithmic x above zero', () => {
    const one = line([1, 2, 3], { x: Float64Array.of(-1, 0, 8) });
    expect(xExtent([one], true)).toEqual([8, 8]);
    expect(xExtent([line([1], { x: Float64Array.of(0) })], true)).toBeNull();
  });
});
