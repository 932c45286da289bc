import { expect, it } from 'vitest';

import type { Quality } from '../../../api/trust';
import { readingsOf, type Reading } from './quality_words';

const QUALITY: Quality = {
  step: 3,
  target: 'action',
  at_input: 2,
  completeness: { error: 0.001, difference: 4 },
  curves: {
    shares: [0, 0.5, 1],
    deletion: [2, 0, -2],
    insertion: [-2, 1.5, 2],
    random: [2, 1, -2],
    deletion_area: 0.2,
    insertion_area: 0.8,
    random_area: 0.5,
  },
  infidelity: 0.02,
  randomised: [
    { layer: 'head', correlation: 0.9 },
    { layer: 'conv', correlation: -0.1 },
  ],
};

const read = (change: Partial<Quality> = {}, shared = 4) =>
  Object.fromEntries(
    readingsOf({ ...QUALITY, ...change }, shared).map((reading) => [reading.name, reading]),
  ) as Record<Reading['name'], Reading>;

it('N-18: says of every measurement whether it speaks for the explanation, and whose it is', () => {
  const all = Object.values(read());
  expect(all.map(({ name, state }) => [name, state])).toEqual([
    ['completeness', 'good'],
    ['deletion', 'good'],
    ['insertion', 'good'],
    ['infidelity', 'good'],
    ['randomised', 'good'],
  ]);
  for (const { source, words } of all) expect([source, words].every(Boolean)).toBe(true);
});

it('measures what is missing by what was shared out, where that adds up to little', () => {
  expect(read({ completeness: { error: 0.1, difference: 0.05 } }, 20).completeness.state).toBe('good');
  expect(read({ completeness: { error: 0.1, difference: 0.05 } }, 0).completeness.state).toBe('poor');
  expect(read({ completeness: null }).completeness).toMatchObject({ state: 'none', number: '' });
});

it('does not read areas off curves that end where they began', () => {
  const flat = { ...QUALITY.curves!, deletion: [2, -9, 1.9], deletion_area: -40 };
  expect(read({ curves: flat }).deletion).toMatchObject({ state: 'none', number: '' });
  expect(read({ curves: { ...QUALITY.curves!, random_area: 0.1 } }).deletion.state).toBe('poor');
  expect(read({ curves: { ...QUALITY.curves!, random_area: null } }).insertion.state).toBe('none');
});

it('takes the layer after which no weight is left', () => {
  const randomised = [
    { layer: 'head', correlation: 0.1 },
    { layer: 'conv', correlation: 0.96 },
  ];
  expect(read({ randomised }).randomised).toMatchObject({ state: 'poor', number: '0.96' });
  expect(read({ randomised: [] }).randomised.state).toBe('none');
});
