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

it('offers and sorts what runs hold; runs of which it is not known go last', () => {
  const runs = [
    runSummary({ id: 'a', recorded: 0, filmed: null, checkpoints: null, episodes: 3 }),
    runSummary({ id: 'b', recorded: 2, filmed: 0, checkpoints: 5 }),
    runSummary({ id: 'c', recorded: 0, filmed: 1, checkpoints: 0 }),
    runSummary({ id: 'd', recorded: 0, filmed: 0, checkpoints: 7 }),
  ];
  const order = (name: string, direction: 1 | -1) => {
    const column = FIXED.find((one) => one.name === name) ?? extraColumn(name)!;
    return sortRuns(runs, column, direction)
      .map(({ id }) => id)
      .join('');
  };
  expect(extraColumns(runs).map(({ name }) => name)).toEqual([
    'count.recorded',
    'count.filmed',
    'count.checkpoints',
  ]);
  expect([order('count.checkpoints', -1), order('count.filmed', -1)]).toEqual(['dbca', 'cbda']);
  expect(order('holds', -1)).toBe('bcda');
  expect(extraColumn('count.lost')).toBeNull();
});

it('reads nested configurations by path', () => {
  expect([...flatConfig({ a: { b: 1, c: [1, 2] }, d: null })]).toEqual([
    ['a.b', 1],
    ['a.c', [1, 2]],
    ['d', null],
  ]);
  expect(extraColumn('steps')).toBeNull();
});
