import { expect, it } from 'vitest';

import { tagsThatFit } from './row_tags';

it('shows as many tags as fit beside the count of the others', () => {
  expect(tagsThatFit([], 150)).toBe(0);
  expect(tagsThatFit(['atari', 'a3c'], 150)).toBe(2);
  expect(tagsThatFit(['atari', 'a3c', 'recurrent'], 150)).toBe(2);
  expect(tagsThatFit(['classic-control', 'dqn', 'x'], 150)).toBe(1);
  // One that is too long alone is shortened, never hidden.
  expect(tagsThatFit(['x'.repeat(80), 'b'], 150)).toBe(1);
  // The last needs no room for a count.
  expect(tagsThatFit(['aaaa', 'bbbb', 'cccc'], 134)).toBe(3);
});
