import { expect, it } from 'vitest';

import { runSummary } from '../../testing/run_summary';
import { groupRuns } from './grouping';
import { GroupInks, RunLines } from './lines';

const runs = ['dqn-s0', 'dqn-s1', 'ppo-s0'].map((name) => runSummary({ id: `id-${name}`, name }));
const [dqn0, , ppo0] = runs;
const inksOf = (inks: GroupInks, of = runs) =>
  inks.of(
    groupRuns(of, 'name').map((group) => group.id),
    'light',
  );

it('B-1: the legend has one line a group, with its number of runs', () => {
  const lines = new RunLines(runs, 'name', inksOf(new GroupInks()));
  expect(lines.of(runs).map(({ label, note }) => [label, note])).toEqual([
    ['dqn', 'n = 2'],
    ['ppo', 'n = 1'],
  ]);
  // Where only some runs have the tag, n says so.
  expect(lines.of([dqn0]).map(({ label, note }) => [label, note])).toEqual([['dqn', 'n = 1']]);
  expect(lines.inkOf('id-dqn-s0')).toEqual(lines.inkOf('id-dqn-s1'));
  expect(lines.inkOf('id-dqn-s0')).not.toEqual(lines.inkOf('id-ppo-s0'));
  expect(lines.lineOf('id-dqn-s1')).toBe('group:dqn');
});

it('without groups each run is a line, in its own colour', () => {
  const ink = { colour: 'red', dash: [] };
  const lines = new RunLines(runs, 'none', (id) => (id === ppo0.id ? undefined : ink));
  expect(lines.of(runs).map(({ id, note, grouped }) => [id, note, grouped])).toEqual([
    ['id-dqn-s0', undefined, false],
    ['id-dqn-s1', undefined, false],
  ]);
});

it('a group keeps its colour while others come and go', () => {
  const inks = new GroupInks();
  const before = inksOf(inks)('group:ppo');
  expect(inksOf(inks, [ppo0])('group:ppo')).toEqual(before);
  expect(inksOf(inks, [ppo0])('group:dqn')).toBeUndefined();
});
