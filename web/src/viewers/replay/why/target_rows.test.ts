import { expect, it } from 'vitest';

import { entryOf, orderedTargets, partsOf, sideBySide, targetRows, worthsOf } from './target_rows';

const NAMES = ['NOOP', 'FIRE', 'RIGHT', 'LEFT'];
const name = (index: number) => NAMES[index]!;
const choice = (name: string, label: string | null = null) => ({
  name,
  label,
  several: /^(top\d|all)/.test(name),
});
const targets = ['action', 'greedy', 'value', '0', '1', '2', '3', '3-1', 'top3', 'all'].map((one) =>
  choice(one),
);
const rows = targetRows(targets, name);
/** A choice of three and one of two, at once. */
const joint = ['action', 'greedy', '0:0', '0:1', '0:2', '1:0', '1:1', 'all'].map((one) => choice(one));

it('has a row for everything but differences and what has several answers, in words', () => {
  expect(rows.map(({ title }) => title)).toEqual(['action taken', 'greedy action', 'value', ...NAMES]);
  expect(rows.map(({ action }) => action)).toEqual([null, null, null, 0, 1, 2, 3]);
  expect(targetRows([choice('group:left', 'the group left')], name)[0]!.title).toBe('the group left');
  expect(targetRows([choice('1', 'dimension 1')], name)[0]!.title).toBe('dimension 1');
});

it('R-12: orders by likelihood, equal ones as they were given, and what is no number last', () => {
  const likely = [0.2, NaN, 0.2, 0.6];
  const order = orderedTargets(rows, '', 'likeliest', (action) => likely[action]!);
  expect(order.map((i) => rows[i]!.name)).toEqual(['action', 'greedy', 'value', '3', '0', '2', '1']);
  expect(orderedTargets(rows, 'IR', 'given', () => 0)).toEqual([4]);
});

it('R-6: has the choice of every part of an action, and knows which of all choices each is', () => {
  const parts = partsOf(joint);
  expect(parts).toEqual([3, 2]);
  expect(partsOf(targets)).toEqual([]);
  expect(['0:2', '1:0', '1:1', 'value'].map((term) => entryOf(term, parts))).toEqual([2, 3, 4, null]);
  expect(targetRows(joint, name).map((row) => row.name)).toEqual([
    ...['action', 'action:0', 'action:1', 'greedy', 'greedy:0', 'greedy:1'],
    ...['0:0', '0:1', '0:2', '1:0', '1:1'],
  ]);
});

it('R-6: sets what has several answers side by side, none of them twice', () => {
  const single = { rows, parts: [] };
  expect(sideBySide('top3', single, 8)).toEqual(['top:1', 'top:2', 'top:3']);
  expect(sideBySide('all', single, 8)).toEqual(['0', '1', '2', '3']);
  expect(sideBySide('all', single, 2)).toEqual(['top:1', 'top:2']);
  expect(sideBySide('action,top2,action', single, 8)).toEqual(['action', 'top:1', 'top:2']);
  const several = { rows: targetRows(joint, name), parts: partsOf(joint) };
  expect(sideBySide('all', several, 8)).toHaveLength(6);
  expect(sideBySide('top9', single, 8)).toHaveLength(4);
});

it('offers the ways that the network has to tell what an action is worth', () => {
  expect(worthsOf(targets, { quantiles: true, heads: 9 })).toEqual(['']);
  expect(worthsOf([choice('head:0')], { quantiles: false, heads: 2 })).toEqual(['', 'head:0', 'head:1']);
  expect(worthsOf([choice('cvar:0.1')], { quantiles: true, heads: 0 })).toContain('quantile:0.5');
});
