import { describe, expect, test } from 'vitest';

import type { StepColumn } from '../../replay/step_column';
import { endMoments, lifeMoments, neighbourStep, randomMoments, rewardMoments } from './moments';

const column = (values: number[], first = 0, valid: number[] | null = null): StepColumn => ({
  first,
  rows: values.length,
  values: Float64Array.from(values),
  valid: valid && Uint8Array.from(valid),
  text: null,
  isBool: false,
});

describe('moments of an episode', () => {
  const steps = (values: number[]) =>
    rewardMoments(column(values)).moments.map(({ step, kind }) => [step, kind]);

  test('rewards other than the usual stand out, whatever is usual', () => {
    expect(steps([0, 0, 1, 0, -2, 0])).toEqual([
      [2, 'gain'],
      [4, 'loss'],
    ]);
    expect(steps([1, 1, 1, 1, 0])).toEqual([[4, 'loss']]);
    expect(rewardMoments(column([1, 1, 0])).usual).toBe(1);
  });

  test('where every step has a reward of its own, none stands out', () => {
    expect(rewardMoments(column([0.1, 0.2, 0.3, 0.4]))).toEqual({ moments: [], usual: null });
    expect(rewardMoments(undefined)).toEqual({ moments: [], usual: null });
  });

  test('what was not logged is neither usual nor a moment', () => {
    expect(rewardMoments(column([NaN, NaN, NaN, 0, 0, 5], 10)).moments).toEqual([
      { step: 15, kind: 'gain', text: 'reward +5' },
    ]);
    expect(rewardMoments(column([0, 7, 0], 0, [1, 0, 1])).moments).toEqual([]);
  });

  test('a life is lost where fewer are left than before', () => {
    expect(lifeMoments(column([3, 3, 2, NaN, 1, 3])).map(({ step }) => step)).toEqual([2, 4]);
  });

  test('a random action is one that was not greedy', () => {
    expect(randomMoments(column([1, 0, 1, 0], 5)).map(({ step }) => step)).toEqual([6, 8]);
  });

  test('an episode ends at its last step, and not while it goes on', () => {
    expect(endMoments('both', 10).map(({ step, kind }) => [step, kind])).toEqual([
      [9, 'terminated'],
      [9, 'truncated'],
    ]);
    expect(endMoments('open', 10)).toEqual([]);
    expect(endMoments('unknown', 10)).toEqual([]);
  });

  test('the next and the one before, never the one we stand on', () => {
    expect(neighbourStep([3, 7, 9], 7, 1)).toBe(9);
    expect(neighbourStep([3, 7, 9], 7, -1)).toBe(3);
    expect(neighbourStep([3, 7, 9], 9, 1)).toBeNull();
    expect(neighbourStep([], 0, 1)).toBeNull();
  });
});
