import { expect, it } from 'vitest';

import type { RunDetail } from '../api/wire';
import { formatField, loggedFields, parseField, searchFields } from './fields';

const ODD = [
  'train/clip-fraction',
  'rewards/mean reward',
  'a b/c:d',
  '🤖 emoji/值',
  '<img src=x onerror=alert(1)>',
  'reward',
];

function detail(tags: string[]): Pick<RunDetail, 'scalars' | 'tensors' | 'episode_count'> {
  return {
    scalars: tags.map((tag) => ({
      axis: 'global_step',
      tag,
      count: 3,
      first_step: 0,
      last_step: 2,
      last_value: 1,
    })),
    tensors: [
      { axis: 'global_step', tag: 'weights', kind: 'tensor', count: 1 },
      { axis: 'global_step', tag: 'picture', kind: 'image', count: 1 },
      { axis: 'global_step', tag: 'ratios', kind: 'distribution', count: 2 },
    ],
    episode_count: 2,
  };
}

it('lists every name as it was logged, once', () => {
  const fields = loggedFields([detail(ODD), detail(ODD)], ['level'], null);
  expect(
    fields
      .filter(({ from }) => from === 'scalar')
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(ODD.toSorted());
  expect(fields.some(({ name }) => name === 'picture')).toBe(false);
  expect(fields.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['weights', 'ratios', 'extra.level']),
  );
});

it('writes a field in one word and reads it back, whatever its name', () => {
  for (const name of [...ODD, ':', 'x:global_step:y']) {
    const field = { from: 'scalar', axis: 'global_step', name } as const;
    expect(parseField(formatField(field))).toEqual(field);
  }
  for (const text of ['', 'scalar', 'scalar:global_step:', 'scalar:week:x', 'x:step:y']) {
    expect(parseField(text)).toBeNull();
  }
});

it('finds by all words, case aside', () => {
  const fields = loggedFields([detail(ODD)]);
  expect(searchFields(fields, 'Reward MEAN').map(({ name }) => name)).toEqual(['rewards/mean reward']);
  expect(searchFields(fields, '-').map(({ name }) => name)).toEqual(['train/clip-fraction']);
  expect(searchFields(fields, 'distributions').map(({ name }) => name)).toEqual(['ratios']);
});
