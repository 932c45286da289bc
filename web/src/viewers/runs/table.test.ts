import { describe, expect, it } from 'vitest';

import { runSummary } from '../../../testing/run_summary';
import { extraColumn, extraColumns, FIXED, flatConfig, sortRuns } from './table';

const RUNS = [
  runSummary({
    id: 'a',
    name: 'DQN Pong',
    project: 'atari',
    tags: ['baseline'],
    state: 'running',
    config: { lr: 0.001, net: { hidden: [64, 64] }, seed: 1 },
    summary: { episode_return: 3, 'losses/td': 0.5 },
  }),
  runSummary({
    id: 'b',
    name: 'PPO',
    env_id: 'Pong-v5',
    config: { lr: 0.0003, seed: 1 },
    summary: { episode_return: 20 },
  }),
  runSummary({ id: 'c', name: 'old', config: null, notes: 'forgot the seed' }),
];

describe('sorting', () => {
  const by = (name: string) => FIXED.find((column) => column.name === name) ?? extraColumn(name)!;
  const order = (name: string, direction: 1 | -1) =>
    sortRuns(RUNS, by(name), direction)
      .map((run) => run.id)
      .join('');

  it('puts what is missing last, whichever way', () => {
    expect([order('return', 1), order('return', -1)]).toEqual(['abc', 'bac']);
    expect([order('config.lr', 1), order('config.lr', -1)]).toEqual(['bac', 'abc']);
  });

  it('puts running runs first', () => expect(order('state', 1)[0]).toBe('a'));
});

it('offers what differs between runs before what does not', () => {
  expect(extraColumns(RUNS.slice(0, 2))).toEqual([
    { name: 'config.lr', differs: true },
    { name: 'config.net.hidden', differs: false },
    { name: 'config.seed', differs: false },
    { name: 'summary.episode_return', differs: false },
    { name: 'summary.losses/td', differs: false },
  ]);
});

it('reads nested configurations by path', () => {
  expect([...flatConfig({ a: { b: 1, c: [1, 2] }, d: null })]).toEqual([
    ['a.b', 1],
    ['a.c', [1, 2]],
    ['d', null],
  ]);
  expect(extraColumn('steps')).toBeNull();
});
