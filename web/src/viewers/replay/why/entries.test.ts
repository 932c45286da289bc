import { describe, expect, it } from 'vitest';

import { entriesOf, orderEntries, type EntryOrder } from './entries';

const entries = ['x10', 'x2', 'angle', 'x1'].map((name) => ({ name, unit: name === 'angle' ? 'rad' : 'm' }));
const values = [3, NaN, -7, 3];
const attributions = [-0.5, 0.5, 0.1, 0];

function check(order: EntryOrder, descending: boolean, expected: number[], filter = '') {
  const found = orderEntries(
    entries,
    { order, descending, filter },
    (i) => values[i]!,
    (i) => attributions[i]!,
  );
  expect(found).toEqual(expected);
}

describe('R-10: order of the table', () => {
  it('is as given, or the other way round', () => {
    check('given', false, [0, 1, 2, 3]);
    check('given', true, [3, 2, 1, 0]);
  });
  it('by name counts numbers in names as numbers', () => check('name', false, [2, 3, 1, 0]));
  it('keeps equal values as they were given both ways, and what is no number last', () => {
    check('value', true, [0, 3, 2, 1]);
    check('value', false, [2, 0, 3, 1]);
  });
  it('by attribution knows the sign, by size it does not', () => {
    check('attribution', true, [1, 2, 3, 0]);
    check('size', true, [0, 1, 2, 3]);
  });
  it('shows what a name or unit holds', () => check('given', false, [0, 1, 3], 'M'));
});

it('names entries by their places where nothing else is known of them', () => {
  expect(entriesOf([2, 2], undefined, null).map(({ name }) => name)).toEqual([
    '[0, 0]',
    '[0, 1]',
    '[1, 0]',
    '[1, 1]',
  ]);
});
