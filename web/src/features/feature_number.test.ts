import { describe, expect, it } from 'vitest';

import { featureOf, featureText } from './feature_number';

describe('features in the address', () => {
  it.each([
    ['f0', 0],
    ['f15', 15],
    // Bare numbers are of older links.
    ['1', 0],
    ['16', 15],
    ['0', null],
    ['f', null],
    ['f100', null],
    ['F1', null],
    ['', null],
  ])('%j is %j', (text, index) => expect(featureOf(text)).toBe(index));

  it('reads what it wrote', () => expect(featureOf(featureText(7))).toBe(7));
});
