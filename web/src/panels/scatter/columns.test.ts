import { expect, it } from 'vitest';

import { encodeColumns } from '../../../testing/encode_columns';
import { decodeColumns } from '../../api/columns';
import { episodeColumn, extraNames, kindOf, wordColumn, wordsOf } from './columns';

const COLUMNS = decodeColumns(
  encodeColumns([
    { name: 'started_us', dtype: 'float64', shape: [3], data: Float64Array.of(0, 1e6, 2e6) },
    { name: 'ended_us', dtype: 'float64', shape: [3], data: Float64Array.of(5e5, 4e6, 0), valid: [1, 1, 0] },
    { name: 'length', dtype: 'float64', shape: [3], data: Float64Array.of(10, 20, 30) },
    {
      name: 'extra',
      dtype: 'text',
      shape: [3],
      data: ['{"won":true,"level":2,"map":"ice"}', 'not json', '{"level":3.5,"__proto__":4}'],
    },
  ]),
);

it('reads members of episodes as numbers, missing ones as NaN', () => {
  expect([...episodeColumn(COLUMNS, 'length')]).toEqual([10, 20, 30]);
  expect([...episodeColumn(COLUMNS, 'duration')]).toEqual([0.5, 3, NaN]);
  expect([...episodeColumn(COLUMNS, 'extra.level')]).toEqual([2, NaN, 3.5]);
  expect([...episodeColumn(COLUMNS, 'extra.won')]).toEqual([1, NaN, NaN]);
  expect([...episodeColumn(COLUMNS, 'extra.constructor')]).toEqual([NaN, NaN, NaN]);
});

it('offers what was attached and is a number', () => {
  expect(extraNames(COLUMNS)).toEqual(['__proto__', 'level', 'won']);
  expect([kindOf('duration'), kindOf('length'), kindOf('extra.level')]).toEqual(['span', 'count', 'number']);
});

it('reads members that are words, and numbers them over several runs', () => {
  expect(wordColumn(COLUMNS, 'extra')).toHaveLength(3);
  const { values, words } = wordsOf([
    ['truncated', null],
    ['open', 'truncated'],
  ]);
  expect(words).toEqual(['open', 'truncated']);
  expect([...values]).toEqual([1, NaN, 0, 1]);
});
