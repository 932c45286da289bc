import { expect, it } from 'vitest';

import type { Histograms } from '../../api/histograms';
import { allHeights, askOf, barsOf, howCounted } from './rows';

const ANSWER: Histograms = {
  edges: Float64Array.of(0, 1, 3),
  step: Float64Array.of(10, 20),
  timeUs: Float64Array.of(0, 0),
  min: Float64Array.of(0, 0),
  max: Float64Array.of(3, 3),
  below: Float64Array.of(1, 0),
  above: Float64Array.of(1, 0),
  notFinite: Float64Array.of(0, 4),
  counts: Float64Array.of(2, 6, 1, 3),
  counted: 'values',
  logged: 7,
};

it('takes fractions of all values of a row, those outside the bins among them', () => {
  expect(barsOf(ANSWER, 0)).toMatchObject({ total: 10, counts: Float64Array.of(2, 6) });
  expect(barsOf(ANSWER, 1).total).toBe(4);
  const { heights, top } = allHeights(ANSWER, 'fraction');
  expect([...heights]).toEqual([0.2, 0.6, 0.25, 0.75]);
  expect(top).toBe(0.75);
});

it('says how the counts came to be', () => {
  expect(howCounted(ANSWER, false)).toBe('2 of 7 rows, evenly picked, every value counted');
  expect(howCounted({ ...ANSWER, logged: 2, counted: 'spread' }, false)).toContain('spread evenly');
});

it('asks for members of episodes by the names that the server has for them', () => {
  expect(askOf('episode:episode:length')).toEqual({ axis: 'episode', tag: 'episode_length' });
  expect(askOf('distribution:global_step:a:b')).toEqual({ axis: 'global_step', tag: 'a:b' });
  expect(askOf('nothing')).toBeNull();
});
