import { expect, test } from 'vitest';

import type { Column, Columns } from '../../api/columns';
import { outline, soundOf, type Sound } from './sound';

function answer(samples: number[], shape: number[], meta: Record<string, unknown> | null): Columns {
  const column = (name: string, data: Float64Array<ArrayBuffer>, rows: number) =>
    ({ name, data, rows, valid: null }) as unknown as Column;
  const columns = [
    column('step', Float64Array.of(7), 1),
    column('row/0', Float64Array.from(samples), shape[0] ?? 1),
  ];
  const header = { rows: [{ kind: 'tensor', shape, meta }] };
  return { header, columns, byName: new Map(columns.map((one) => [one.name, one])) } as unknown as Columns;
}

test('samples by channels are heard as they were logged, and what is not finite is silent', () => {
  const made = soundOf(
    answer([0, 1, 0.5, NaN, -1, -0.25], [3, 2], { sample_rate: 8000, caption: 'a tone' }),
  ) as Sound;
  expect({ ...made, channels: made.channels.map((one) => [...one]) }).toEqual({
    step: 7,
    rate: 8000,
    caption: 'a tone',
    channels: [
      [0, 0.5, -1],
      [1, 0, -0.25],
    ],
  });
  expect(outline(made, 2)).toEqual([
    [0, 1],
    [-1, 0.5],
  ]);
  expect(outline(made, 100)).toHaveLength(3);
  const mono = soundOf(answer([1, 2], [2], { sample_rate: 44_100 })) as Sound;
  expect([...mono.channels[0]]).toEqual([1, 2]);
});

test('what is no sound says why', () => {
  expect(soundOf(answer([1], [1], null))).toContain('nothing says its sample rate');
  expect(soundOf(answer([1], [1], { sample_rate: 10 }))).toContain('A sound of 10 samples a second');
  expect(soundOf(answer([1, 2], [1, 1, 2], { sample_rate: 8000 }))).toContain('shape 1 × 1 × 2');
  expect(soundOf(answer([], [0, 2], { sample_rate: 8000 }))).toContain('shape 0 × 2');
});
