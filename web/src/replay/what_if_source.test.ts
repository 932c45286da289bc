import { expect, it } from 'vitest';

import type { WhatIf, WhatIfQuery } from '../api/what_if';
import { WhatIfSource } from './what_if_source';

const query = (step: number): WhatIfQuery => ({ step, edits: [] });
const turn = () => new Promise((resolve) => setTimeout(resolve));

/** A source whose questions are answered by hand. */
function byHand() {
  const asked: { step: number; answer: (error?: Error) => void; signal: AbortSignal }[] = [];
  let changes = 0;
  const source = new WhatIfSource(
    ({ step }, signal) =>
      new Promise((resolve, reject) =>
        asked.push({
          step,
          signal,
          answer: (error) => (error ? reject(error) : resolve({ fields: [], answers: [] } satisfies WhatIf)),
        }),
      ),
    () => (changes += 1),
  );
  return { source, asked, changes: () => changes };
}

it('asks one at a time and leaves out what was overtaken', async () => {
  const { source, asked } = byHand();
  for (const step of [1, 2, 3]) source.ask(query(step));
  expect(asked.map(({ step }) => step)).toEqual([1]);
  expect(source.busy).toBe(true);
  asked[0].answer();
  await turn();
  expect(source.outcome?.query.step).toBe(1);
  expect(asked.map(({ step }) => step)).toEqual([1, 3]);
  asked[1].answer();
  await turn();
  expect(source.outcome?.query.step).toBe(3);
  expect(source.busy).toBe(false);
  source.ask(query(3));
  expect(asked).toHaveLength(2);
});

it('keeps the last answer beside an error, and asks again when told', async () => {
  const { source, asked } = byHand();
  source.ask(query(1));
  asked[0].answer();
  await turn();
  source.ask(query(2));
  asked[1].answer(new Error('no network'));
  await turn();
  expect(source.error?.message).toBe('no network');
  expect(source.outcome?.query.step).toBe(1);
  source.retry();
  asked[2].answer();
  await turn();
  expect(source.error).toBeNull();
  expect(source.outcome?.query.step).toBe(2);
});

it('says nothing more once it is closed', async () => {
  const { source, asked, changes } = byHand();
  source.ask(query(1));
  source.close();
  expect(asked[0].signal.aborted).toBe(true);
  const before = changes();
  asked[0].answer();
  await turn();
  expect(changes()).toBe(before);
  expect(source.outcome).toBeNull();
});
