import { describe, expect, it } from 'vitest';

import type { StepColumn } from '../../replay/step_column';
import {
  differsAt,
  firstDifference,
  stepsNotZero,
  stepsOfFalls,
  stepsOfStarts,
  type Actions,
} from './events';

function column(values: number[], valid?: number[], first = 0): StepColumn {
  return {
    first,
    rows: values.length,
    values: Float64Array.from(values),
    valid: valid ? Uint8Array.from(valid) : null,
    text: null,
    isBool: false,
  };
}

describe('events', () => {
  it.each([
    ['rewards', stepsNotZero, column([0, 1, 0, -2, NaN]), [1, 3]],
    ['rewards that were not logged', stepsNotZero, column([1, 1], [0, 1]), [1]],
    ['rewards from a later row', stepsNotZero, column([1, 0], undefined, 5), [5]],
    ['lives', stepsOfFalls, column([5, 5, 4, 4, 5, 3]), [2, 5]],
    ['lives with a gap', stepsOfFalls, column([5, 0, 4], [1, 0, 1]), [2]],
    ['starts', stepsOfStarts, column([1, 1, 0, 2, 3]), [0, 3]],
    ['nothing', stepsNotZero, undefined, []],
  ] as const)('%s', (_, find, of, expected) => {
    expect(find(of)).toEqual(expected);
  });
});

const actions = (text: string): Actions => ({
  count: text.length,
  at: (step) => (text[step] === '-' ? null : text[step]),
});

describe('differences', () => {
  it.each([
    ['aabb', 'aaab', 2],
    ['aab', 'aabbb', null],
    ['-ab', 'bab', null],
    ['', 'a', null],
  ])('of %s and %s first at %s', (one, other, expected) => {
    expect(firstDifference([actions(one), actions(other)])).toBe(expected);
  });

  it('is counted from where each starts', () => {
    expect(firstDifference([actions('xxab'), actions('aa')], [2, 0])).toBe(1);
  });

  it('needs two that are there', () => {
    const all = [actions('ab'), actions('b'), actions('bb')];
    expect(differsAt(all, [0, 0, 0])).toBe(true);
    expect(differsAt(all, [1, 5, 1])).toBe(false);
    expect(differsAt(all, [0, -1, 9])).toBe(false);
    expect(firstDifference([actions('a')])).toBeNull();
  });
});
