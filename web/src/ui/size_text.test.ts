import { expect, it } from 'vitest';

import { sizeText } from './size_text';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 * 1024 - 1, '1.0 MiB'],
  [5 * 2 ** 30, '5.0 GiB'],
  [2 ** 52, '4096.0 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
