import { expect, test } from 'vitest';

import type { FieldEntry } from '../../api/wire';
import { barsChoices, barsShown, lengthOf, NOTHING, overlayOptions, overlayWords } from './video_form';

const field = (name: string, shape: number[], more: Partial<FieldEntry> = {}): FieldEntry =>
  ({
    name,
    axis: 'step',
    dtype: 'float32',
    shape,
    image: false,
    stack_axis: null,
    origin: 'logged',
    ...more,
  }) as FieldEntry;

test('bars are what the policy said first, then any other numbers; pictures, texts and single numbers are none', () => {
  const fields = [
    field('frame', [210, 160, 3], { image: true, dtype: 'uint8' }),
    field('observation', [8]),
    field('q_values', [4]),
    field('reward', []),
    field('said', [], { dtype: null }),
  ];
  const choices = barsChoices(fields, true);
  expect(choices).toEqual([
    { field: 'q_values', title: 'Q-values' },
    { field: 'observation', title: 'observation' },
  ]);
  expect(barsShown(choices, null)).toBe('q_values');
  expect(barsShown(choices, 'observation')).toBe('observation');
  expect(barsShown([], 'observation')).toBe(NOTHING);
});

test('of a distribution its means are bars', () => {
  const choices = barsChoices(
    [field('quantiles', [25, 3]), field('q_mean', [3], { origin: 'derived' })],
    true,
  );
  expect(choices[0]).toEqual({ field: 'q_mean', title: 'Q-values' });
  expect(choices.filter((choice) => choice.field === 'q_mean')).toHaveLength(1);
});

test('a length in frames and seconds', () => {
  expect(lengthOf(1000, 30)).toBe('1,000 frames, 33.3 s');
  expect(lengthOf(1, 2)).toBe('1 frame, 0.5 s');
});

test('A-8: the overlay of a film is that of Replay; of both heads the server knows what they explain', () => {
  const why = { method: 'guided_backprop', target: '3-1', checkpoint: 80 };
  const look = { blend: 'grey', colours: 'viridis', opacity: 0.5, sign: 'positive', outliers: 2 } as const;
  expect(overlayOptions(why, look)).toEqual({
    overlay: 'guided_backprop',
    target: '3-1',
    checkpoint: 80,
    blend: 'grey',
    colours: 'viridis',
    opacity: 0.5,
    sign: 'positive',
    outliers: 2,
  });
  expect(overlayWords(why, look)).toBe('guided backprop in viridis');
  const heads = { ...look, blend: 'heads' } as const;
  expect(overlayOptions({ ...why, checkpoint: null }, heads)).toMatchObject({
    blend: 'heads',
    target: undefined,
  });
  expect(overlayWords(why, heads)).toBe('guided backprop of the policy in blue and of the value in red');
});
