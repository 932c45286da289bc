import { expect, it } from 'vitest';

import {
  against,
  isOfOneAction,
  isSeveral,
  parseTarget,
  targetTitle,
  textOfTarget,
  together,
  withWorth,
} from './target_text';

const NAMES = ['NOOP', 'FIRE', 'RIGHT', 'LEFT'];
const name = (index: number) => NAMES[index]!;

it('reads and writes every kind of target', () => {
  for (const text of [
    'action',
    'action:1',
    'top:2',
    '3-1',
    'action-greedy',
    '0+2+5',
    '0:3+1:2',
    '1:2-1:0',
    'group:half-left',
    'group:left-group:right',
    'name:FIRE-name:LEFT',
    'value',
    'cvar:0.1',
    'cvar:0.1:3',
    'quantile:0.5:greedy',
    'head:4',
    'head:4:2',
    'q:3',
  ])
    expect(textOfTarget(parseTarget(text))).toBe(text);
  expect(parseTarget('group:half-left')).toEqual({ worth: '', terms: ['group:half-left'], not: null });
  expect(parseTarget('0+2-1')).toEqual({ worth: '', terms: ['0', '2'], not: '1' });
});

it('says them in words', () => {
  const check = (text: string, expected: string) => expect(targetTitle(text, name)).toBe(expected);
  check('2', 'RIGHT');
  check('2-3', 'RIGHT, not LEFT');
  check('1+2', 'FIRE + RIGHT');
  check('0:3+1:2', 'part 0, choice 3 + part 1, choice 2');
  check('greedy:1', 'greedy action, part 1');
  check('top:1', 'likeliest');
  check('top:2', '2nd likeliest');
  check('top:13', '13th likeliest');
  check('cvar:0.1:3', 'worst 10 % of LEFT');
  check('head:4', 'head 4 of action taken');
  check('group:left-group:right', 'group left, not group right');
  check('log_density', 'log density');
});

it('R-12: sets one action against another and takes it away again', () => {
  expect(against('3', '1')).toBe('3-1');
  expect(against('3-1', '2')).toBe('3-2');
  expect(against('3-1', '1')).toBe('3');
  expect(against('action', '1')).toBe('action-1');
  expect(against('group:a', 'group:b')).toBe('group:a-group:b');
  for (const [target, other] of [
    ['3', '3'],
    ['value', '1'],
    ['group:a', '1'],
    ['cvar:0.1:3', '1'],
  ] as const)
    expect(against(target, other)).toBeNull();
});

it('puts choices of several parts together, one of each', () => {
  expect(together('1:2', '0:3')).toBe('0:3+1:2');
  expect(together('0:3+1:2', '1:0')).toBe('0:3+1:0');
  expect(together('0:3+1:2', '0:3')).toBe('1:2');
  expect(together('0:3', '0:1')).toBeNull();
  expect(together('10', '2')).toBe('2+10');
  expect(together('value', '2')).toBeNull();
  expect(together('2', '2')).toBeNull();
});

it('asks what an action is worth in another way', () => {
  expect(withWorth('3', 'cvar:0.1')).toBe('cvar:0.1:3');
  expect(withWorth('action', 'head:2')).toBe('head:2');
  expect(withWorth('head:2:3', '')).toBe('3');
  expect(withWorth('value', 'cvar:0.1')).toBeNull();
  expect(withWorth('0:1', 'cvar:0.1')).toBeNull();
});

it('knows which have several answers, and which are about one action', () => {
  expect(['top3', 'all', 'action,top3', 'top:3', '3'].map(isSeveral)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(['action', 'top:3', 'cvar:0.1:2', '1-2', 'value', '0:1'].map(isOfOneAction)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
