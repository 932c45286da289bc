import { expect, it } from 'vitest';

import type { Counterfactual, EditedAttribution, Said } from '../../../api/what_if';
import { choiceSentence, placesSentence, speakersSentence, thresholds, type WhyNot } from './why_not';

const said: Said = {
  role: 'logits',
  numbers: [0, 2, 1],
  probabilities: [0.09, 0.665, 0.245],
  sd: [],
  parts: [3],
  greedy: [1],
  value: null,
};
const of: WhyNot = { names: ['NOOP', 'LEFT', 'RIGHT'], action: 1, other: 2, said, taken: 1 };
const name = (index: number) => ['x', 'y', 'angle', 'spin'][index];

it('says what was taken, preferred, or would rather be', () => {
  expect(choiceSentence(of)).toBe('It took LEFT (66.5 %) rather than RIGHT (24.5 %).');
  expect(choiceSentence({ ...of, taken: 0 })).toBe('It prefers LEFT (66.5 %) to RIGHT (24.5 %).');
  expect(choiceSentence({ ...of, action: 0, other: 1 })).toBe(
    'It would rather choose LEFT (66.5 %) than NOOP (9.0 %).',
  );
  const values = { ...said, role: 'q_values' as const, probabilities: [] };
  expect(choiceSentence({ ...of, said: values })).toBe('It took LEFT (Q = 2) rather than RIGHT (Q = 1).');
});

it('names the entries that speak for each, the strongest first, and leaves out the weak', () => {
  expect(speakersSentence(of, [0.2, -0.5, 1, 0.05], name)).toBe(
    'Between the two, angle and x speak for LEFT; y speaks for RIGHT.',
  );
  expect(speakersSentence(of, [0, 0, 0, 0], name)).toBe('Between the two, no entry makes a difference.');
});

it('says where on a picture', () => {
  const after = new Float32Array(16);
  after[5] = 2;
  after[11] = -1;
  const found: EditedAttribution = {
    output: 'y',
    wrt: 'x',
    shape: [4, 4],
    wrtShape: [8, 8],
    before: after,
    after,
  };
  expect(placesSentence(of, found)).toBe(
    'Between the two, the place around x 3, y 3 speaks most for LEFT; the place around x 7, y 5 most for RIGHT.',
  );
});

it('says which single change would be enough, the smallest of its range first', () => {
  const found: Counterfactual = {
    edits: [],
    flips: true,
    before: said,
    after: said,
    field: 'observation',
    size: { l0: 1, l1: 1, l2: 1, l_inf: 1 },
    bounds: [
      [0, 100],
      [0, 1],
    ],
    alone: [
      [1, 0.9],
      [0, 5],
    ],
    asked: 1,
  };
  expect(thresholds(of, found, [10, 0.1], name).map(({ text }) => text)).toEqual([
    'Were x below 5 (it is 10), it would choose RIGHT.',
    'Were y above 0.9 (it is 0.1), it would choose RIGHT.',
  ]);
});
