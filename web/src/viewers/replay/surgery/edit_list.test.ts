import { expect, it } from 'vitest';

import type { Edit } from '../../../api/what_if';
import { editTitle, runsOf, setOf, stroke, withoutSet, withSet } from './edit_list';

const erase: Edit = { field: 'observation', place: 'all', change: 'erase' };

it('sets an element once, however often its slider moves', () => {
  let edits = withSet([erase], 'observation', 3, 0.1);
  edits = withSet(edits, 'observation', 4, 2);
  edits = withSet(edits, 'observation', 3, 0.5);
  expect(edits).toEqual([
    erase,
    { field: 'observation', place: { elements: [3] }, change: { set: 0.5 } },
    { field: 'observation', place: { elements: [4] }, change: { set: 2 } },
  ]);
  expect(setOf(edits, 'observation', 3)?.change).toEqual({ set: 0.5 });
  expect(setOf(edits, 'recurrent_state', 3)).toBeUndefined();
  expect(withoutSet(edits, 'observation', 3)).toHaveLength(2);
});

it('says what an edit does', () => {
  const name = (_: string, element: number) => ['x', 'y'][element];
  const check = (edit: Partial<Edit>, text: string) =>
    expect(editTitle({ ...erase, ...edit }, name)).toBe(text);
  check({}, 'Erase all of observation');
  check({ place: { elements: [1] }, change: { set: 0.25 } }, 'y = 0.25');
  check(
    { place: { rect: [1, 2, 3, 4] }, planes: [3], change: { blur: 2 } },
    'Blur 3 × 4 at 1, 2 by 2, frame 3',
  );
  check(
    {
      place: {
        runs: [
          [0, 5],
          [9, 1],
        ],
      },
      change: { paste: { step: 7, episode: 2 } },
    },
    'Paste 6 pixels from step 7 of episode 2',
  );
});

it('draws a round brush along a line, within the picture', () => {
  const size = { width: 6, height: 4 };
  expect(runsOf(stroke({ x: 1, y: 1 }, { x: 1, y: 1 }, 1, size))).toEqual([
    [1, 1],
    [6, 3],
    [13, 1],
  ]);
  expect(runsOf(stroke({ x: 0, y: 3 }, { x: 5, y: 3 }, 0, size))).toEqual([[18, 6]]);
  expect(runsOf([5, 4, 4, 9])).toEqual([
    [4, 2],
    [9, 1],
  ]);
});
