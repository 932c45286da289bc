import { expect, it } from 'vitest';

import type { Edit } from '../../../api/what_if';
import { editsOfText, numberText, textOfEdits } from './edit_text';

const field = 'observation';

it('comes back from its text as it was', () => {
  const check = (edit: Edit, text: string) => {
    expect(textOfEdits([edit])).toBe(text);
    expect(editsOfText(text)).toEqual([edit]);
  };
  check({ field, place: { elements: [3] }, change: { set: 0.5 } }, 'e3:0.5');
  check({ field, place: { elements: [0, 5] }, change: { set: -1e-7 } }, 'e0,5:-1e-7');
  check({ field, place: 'all', change: 'erase' }, '*x');
  check({ field, place: { rect: [10, 20, 8, 9] }, planes: [0, 3], change: { blur: 2 } }, 'r10,20,8,9/0,3~2');
  check(
    {
      field,
      place: {
        runs: [
          [120, 1],
          [200, 37],
        ],
      },
      change: { set: 255 },
    },
    'p3c,5k.10:255',
  );
  check({ field, place: { rect: [0, 0, 4, 4] }, change: { paste: { step: 530 } } }, 'r0,0,4,4_530');
  check(
    { field, place: { rect: [0, 0, 4, 4] }, change: { paste: { episode: 2, step: 7, dx: -3, dy: 4 } } },
    'r0,0,4,4_2:7,-3,4',
  );
  check(
    { field: 'observation/a|b!c', place: { elements: [1] }, change: { set: 2 } },
    '(observation%2Fa%7Cb%21c)e1:2',
  );
});

it('is kept by addresses as it is', () => {
  const edits = editsOfText('(recurrent_state)e0,5:-0.5!r1,2,3,4/0~2!p3c,5k.10x!*_2:7,-3,4')!;
  const text = textOfEdits(edits);
  expect(encodeURIComponent(text).replace(/%2C/g, ',').replace(/%2F/g, '/').replace(/%3A/g, ':')).toBe(text);
});

it('takes several, and nothing for nothing', () => {
  expect(editsOfText('e0:1!(recurrent_state)e2,3:0')).toHaveLength(2);
  expect(editsOfText('')).toEqual([]);
  expect(editsOfText(null)).toEqual([]);
});

it('is null for what is none', () => {
  const odd = [
    'e:1',
    'e1',
    'r1,2,3:4',
    'pZZ:1',
    'e1:1e',
    'e1:Infinity',
    '_3',
    'e1:1!!',
    '(%E0%A4%A)e1:1',
    'p1.2.3x',
  ];
  for (const text of [...odd, 'e1:1!'.repeat(300), `e1:1${'1'.repeat(70_000)}`]) {
    expect(editsOfText(text), text.slice(0, 40)).toBeNull();
  }
});

it('writes numbers in as few digits as single precision needs', () => {
  expect(numberText(Math.fround(0.1))).toBe('0.1');
  expect(numberText(255)).toBe('255');
  for (const value of [Math.PI, -1 / 3, 1e-20, 123456.789]) {
    expect(Math.fround(Number(numberText(value)))).toBe(Math.fround(value));
  }
});
