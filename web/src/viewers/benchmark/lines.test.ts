import { describe, expect, it } from 'vitest';

import type { BenchmarkCurve } from '../../api/wire';
import { whileAllTasksGoOn } from './lines';

const curve = (algorithm: number, task: number | null, step: number[], runs: number[]): BenchmarkCurve => ({
  algorithm,
  task,
  step,
  value: step.map((at) => at / 10),
  low: step.map(() => null),
  high: step.map(() => null),
  runs,
});

describe('a curve over all tasks', () => {
  const all = curve(0, null, [0, 10, 20, 30, 40], [1, 4, 4, 2, 2]);

  it('is there where every task of its algorithm has a run', () => {
    const ofTasks = [
      curve(0, 0, [0, 20, 40], [2, 2, 2]),
      // The second begins later and ends before; what another algorithm did there does not count.
      curve(0, 1, [0, 10, 20, 30], [0, 2, 2, 0]),
      curve(1, 1, [0, 10, 20, 30], [0, 0, 0, 1]),
    ];
    const { step, value, runs } = whileAllTasksGoOn(all, ofTasks);
    expect([step, value, runs]).toEqual([
      [10, 20],
      [1, 2],
      [4, 4],
    ]);
  });

  it('is empty where tasks have no step in common, and whole where there is one task', () => {
    const apart = [curve(0, 0, [0, 10], [1, 1]), curve(0, 1, [30, 40], [1, 1])];
    expect(whileAllTasksGoOn(all, apart).step).toEqual([]);
    expect(whileAllTasksGoOn(all, [curve(0, 0, [0, 40], [1, 2])])).toEqual(all);
  });
});
