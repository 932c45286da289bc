import { expect, test } from 'vitest';

import type { Benchmark, BenchmarkCell } from '../../api/wire';
import { tableRows } from './table_rows';

function cell(algorithm: number, task: number, sd: number | null): BenchmarkCell {
  const estimate = { value: algorithm + task / 3, low: null, high: 2 };
  return {
    ...{ algorithm, task, sd, runs: 3, mean: estimate, iqm: { ...estimate, low: -1 } },
    ...{ sd_population: 0, runtime_secs: 60, runtime_sd: null },
  };
}

test('each cell is a row with its names, unrounded, and what is missing is null', () => {
  const algorithms = [{ name: 'dqn' }, { name: 'ppo' }] as Benchmark['algorithms'];
  const found = {
    algorithms,
    tasks: ['Pong', 'Breakout'],
    cells: [cell(0, 0, 1), cell(0, 1, 2), cell(1, 0, null)],
  };
  const made = tableRows(found);
  expect(made.map(({ task, algorithm }) => `${task} ${algorithm}`)).toEqual([
    'Pong dqn',
    'Pong ppo',
    'Breakout dqn',
  ]);
  expect(made[2].mean).toBe(1 / 3);
  expect(made[1]).toMatchObject({
    runs: 3,
    sd: null,
    mean_low: null,
    mean_high: 2,
    iqm_low: -1,
    runtime_secs: 60,
  });
  expect(JSON.parse(JSON.stringify(made))).toEqual(made);
});
