import { expect, it } from 'vitest';

import { against, orderedTargets, targetRows } from './target_rows';

const NAMES = ['NOOP', 'FIRE', 'RIGHT', 'LEFT'];
const name = (index: number) => NAMES[index]!;
const targets = ['action', 'greedy', 'value', '0', '1', '2', '3', '3-1'].map((name) => ({
  name,
  label: null,
  several: false,
}));
const rows = targetRows(targets, name);

it('has a row for everything but differences, in words', () => {
  expect(rows.map(({ title }) => title)).toEqual(['action taken', 'greedy action', 'value', ...NAMES]);
  expect(rows.map(({ action }) => action)).toEqual([null, null, null, 0, 1, 2, 3]);
  expect(
    targetRows([{ name: 'cvar:0.1', label: 'CVaR of the worst 10 %', several: false }], name)[0]!.title,
  ).toBe('CVaR of the worst 10 %');
});

it('R-12: orders by likelihood, equal ones as they were given, and what is no number last', () => {
  const likely = [0.2, NaN, 0.2, 0.6];
  const order = orderedTargets(rows, '', 'likeliest', (action) => likely[action]!);
  expect(order.map((i) => rows[i]!.name)).toEqual(['action', 'greedy', 'value', '3', '0', '2', '1']);
  expect(orderedTargets(rows, 'IR', 'given', () => 0)).toEqual([4]);
});

it('R-12: sets one action against another and takes it away again', () => {
  expect(against('3', 1)).toBe('3-1');
  expect(against('3-1', 2)).toBe('3-2');
  expect(against('3-1', 1)).toBe('3');
  expect(against('3', 3)).toBeNull();
  expect(against('value', 1)).toBeNull();
});
