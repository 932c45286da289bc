import { describe, expect, it } from 'vitest';

import type { FieldEntry } from '../api/wire';
import { imageField, numberFields, pictureRatio } from './screen_fields';

function field(name: string, over: Partial<FieldEntry> = {}): FieldEntry {
  return {
    name,
    axis: 'step',
    dtype: 'float32',
    shape: [],
    image: false,
    stack_axis: null,
    origin: 'logged',
    doc: '',
    ...over,
  };
}
const image = (name: string) => field(name, { image: true, dtype: 'uint8', shape: [84, 84] });

describe('imageField', () => {
  it.each([
    ['the frame first', ['observation', 'frame'], null, 'frame'],
    ['then the observation', ['camera', 'observation'], null, 'observation'],
    ['then any picture', ['camera'], null, 'camera'],
    ['the one asked for', ['frame', 'camera'], 'camera', 'camera'],
    ['not one that is not there', ['frame'], 'camera', 'frame'],
  ] as const)('%s', (_, names, wanted, expected) => {
    expect(imageField(names.map(image), wanted)?.name).toBe(expected);
  });

  it('is null without pictures', () => {
    expect(imageField([field('reward')])).toBeNull();
  });
});

describe('numberFields', () => {
  it('shows the return so far and the observation', () => {
    const fields = [
      field('q_values', { shape: [2] }),
      field('observation', { shape: [2, 8] }),
      field('reward'),
      field('episode_return', { origin: 'derived' }),
    ];
    expect(numberFields(fields)).toEqual({
      main: 'episode_return',
      vector: { name: 'observation', shown: 6, width: 16 },
    });
  });

  it('is nothing for text and pictures alone', () => {
    expect(numberFields([image('frame'), field('note', { dtype: null })])).toEqual({
      main: null,
      vector: null,
    });
  });
});

describe('pictureRatio', () => {
  it.each([
    [[210, 160, 3], null, 160 / 210],
    [[80, 100], null, 1.25],
    [[4, 84, 84], 0, 1],
    [[84, 96, 4], 2, 96 / 84],
    [[4, 84, 168], null, 2],
    [[2, 60, 90, 3], null, 1.5],
    [[7], null, null],
  ] as [number[], number | null, number | null][])('%j, stack %s', (shape, stack_axis, expected) => {
    expect(pictureRatio(field('frame', { shape, stack_axis }))).toBe(expected);
  });
});
