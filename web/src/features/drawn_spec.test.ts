import { expect, test } from 'vitest';

import { parseDrawn, textOfDrawn } from './drawn_spec';

test('which image is drawn is read from the address and written there', () => {
  for (const text of ['centre', 'everywhere', 'each.3', 'centre.999999999']) {
    expect(textOfDrawn(parseDrawn(text)!)).toBe(text);
  }
  expect(parseDrawn('each')).toEqual({ place: 'each', seed: 0 });
  for (const odd of [null, '', 'corner', 'centre.', 'centre.-1', 'each.1.2', 'each.9999999999']) {
    expect(parseDrawn(odd)).toBeNull();
  }
});
