import { expect, test } from 'vitest';

import { parseNetwork, sourceOf } from './spec';

const read = (query: string) => parseNetwork((name) => new URLSearchParams(query).get(name));

test('what is shown is read from the address, and what is odd is as usual', () => {
  expect(read('')).toEqual({ of: null, at: null, window: 1, episode: 0, step: 0, view: 'strip' });
  expect(read('array=weight/a&at=100&window=8&spread=ridges')).toMatchObject({
    of: 'weight/a',
    at: 100,
    window: 8,
    view: 'ridges',
  });
  expect(read('at=-1&window=7&episode=x')).toMatchObject({ at: null, window: 1, episode: 0 });
});

test('a layer is asked about at a state', () => {
  expect(sourceOf(read('array=layer//net/Relu&episode=3&step=14'))).toBe('activation/3/14//net/Relu');
  expect(sourceOf(read('array=tensor/global_step/grad/a'))).toBe('tensor/global_step/grad/a');
  expect(sourceOf(read(''))).toBeNull();
});
