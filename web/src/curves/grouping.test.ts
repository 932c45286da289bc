/// <reference types="node" />
import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { runSummary } from '../../testing/run_summary';
import { seedless } from '../state/seeds';
import { configKeys, groupByNumber, groupRuns, LINES_MAX, parseGroupBy } from './grouping';

/** Names with and without their seeds; crates/ethogram_server holds reports to the same. */
const names = JSON.parse(readFileSync(new URL('../../testdata/seedless.json', import.meta.url), 'utf8')) as [
  string,
  string,
][];

it.each(names)('B-1: takes the seed off %j', (name, expected) => expect(seedless(name)).toBe(expected));

const runs = [
  runSummary({
    id: 'a',
    name: 'dqn-s0',
    group: 'base',
    config: { seed: 0, lr: 0.1, net: { width: 64, env_seed: 1 } },
  }),
  runSummary({ id: 'b', name: 'dqn-s1', config: { seed: 1, lr: 0.1, net: { width: 128 }, layers: [1] } }),
  runSummary({ id: 'c', name: 'ppo-s0', group: 'base', config: { 'a.b': true, lr: null } }),
];
const grouped = (by: string) =>
  Object.fromEntries(
    groupRuns(runs, parseGroupBy(by)).map((one) => [one.label, one.runs.map((run) => run.id).join('')]),
  );

it('B-1: groups by group, by name without the seed, or by what the config says', () => {
  expect(grouped('group')).toEqual({ base: 'ac', 'no group': 'b' });
  expect(grouped('name')).toEqual({ dqn: 'ab', ppo: 'c' });
  expect(grouped('config:lr')).toEqual({ 'lr = 0.1': 'ab', 'lr = null': 'c' });
  expect(grouped('config:net.width')).toEqual({
    'net.width = 64': 'a',
    'net.width = 128': 'b',
    'no net.width': 'c',
  });
  expect(grouped('config:a.b')).toEqual({ 'a.b = true': 'c', 'no a.b': 'ab' });
});

it('offers single values of the config, but no seed', () => {
  expect(configKeys(runs)).toEqual(['a.b', 'lr', 'net.width']);
  expect(configKeys([runSummary({ id: 'x', config: null })])).toEqual([]);
});

it('takes odd addresses for no grouping', () => {
  expect(['', 'config:', 'moon', null].map(parseGroupBy)).toEqual(['none', 'none', 'none', 'none']);
});

it('many runs are grouped while nobody has chosen, by what leaves few lines', () => {
  const many = (name: (i: number) => string, group: string | null = null) =>
    Array.from({ length: 100 }, (_, i) => runSummary({ id: String(i), name: name(i), group }));
  expect(groupByNumber(many((i) => `dqn-s${i}`).slice(0, LINES_MAX))).toBe('none');
  expect(groupByNumber(many((i) => `a${i % 10}-s${i}`))).toBe('name');
  expect(groupByNumber(many((i) => `run ${'x'.repeat(i + 1)}`, 'base'))).toBe('group');
  expect(groupByNumber(many((i) => `run ${'x'.repeat(i + 1)}`))).toBe('all');
});
