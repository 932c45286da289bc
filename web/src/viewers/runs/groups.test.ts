import { expect, it } from 'vitest';

import { runSummary } from '../../../testing/run_summary';
import { groupKey, groupRuns, spreadOf, withGroup } from './groups';

const RUNS = [
  runSummary({ id: 'a', group: 'x', config: { lr: 0.1 }, summary: { episode_return: 1 } }),
  runSummary({ id: 'b', config: { lr: 0.2 }, summary: { episode_return: 5 } }),
  runSummary({ id: 'c', group: 'x', config: { lr: 0.1 }, summary: { episode_return: 3 } }),
  runSummary({ id: 'd', group: 'x', config: {}, summary: {} }),
];

it('groups where the first run of each stands, runs without a value last', () => {
  const groups = groupRuns(RUNS, groupKey('group')!);
  expect(groups.map(({ key, runs }) => [key, runs.map(({ id }) => id).join('')])).toEqual([
    ['x', 'acd'],
    ['', 'b'],
  ]);
  expect(groups[0].returns).toEqual({ n: 2, mean: 2, sd: Math.SQRT2 });
});

it('groups by a value of the configuration', () => {
  const groups = groupRuns(RUNS, groupKey('config.lr')!);
  expect(groups.map(({ key }) => key)).toEqual(['0.1', '0.2', '']);
  expect(groupKey('nonsense')).toBeNull();
});

it('shows all of a group, or none when all of it was shown', () => {
  const [x] = groupRuns(RUNS, groupKey('group')!);
  expect(withGroup(['b', 'c'], x)).toEqual(['b', 'a', 'c', 'd']);
  expect(withGroup(['a', 'b', 'c', 'd'], x)).toEqual(['b']);
});

it('has no spread of one and no mean of none', () => {
  expect(spreadOf([4, NaN])).toEqual({ n: 1, mean: 4, sd: NaN });
  expect(spreadOf([NaN, Infinity])).toEqual({ n: 0, mean: NaN, sd: NaN });
});
