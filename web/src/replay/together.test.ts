import { expect, it, vi } from 'vitest';

import type { AttributionQuery, Attributions } from '../api/attribution';
import { Together } from './together';

function answer(target: string, first: number): Attributions {
  const numbers = new Float64Array(1);
  return {
    first,
    rows: 1,
    shape: [1],
    wrtShape: [1],
    values: Int8Array.of(7),
    scale: numbers,
    valid: null,
    atInput: numbers,
    atBaseline: new Float64Array(),
    completenessError: new Float64Array(),
    entry: numbers,
    output: `output of ${target}`,
    wrt: 'obs',
    checkpoint: { global_step: 1, name: '' },
  };
}

function asker(
  several = vi.fn(async (_: AttributionQuery, targets: readonly string[], { from }: { from: number }) =>
    targets.map((target) => answer(target, from)),
  ),
) {
  const one = vi.fn(async ({ target }: AttributionQuery, { from }: { from: number }) => answer(target, from));
  return { one, several, together: new Together({ one, several }) };
}

const query = (target: string, method = 'perturbation'): AttributionQuery => ({ method, target });
const signal = () => new AbortController().signal;

it('joins questions of one moment that differ in their target alone', async () => {
  const { one, several, together } = asker();
  const range = { from: 8, to: 16 };
  const found = await Promise.all([
    together.ask(query('action'), range, signal()),
    together.ask(query('value'), range, signal()),
    together.ask(query('value', 'saliency'), range, signal()),
    together.ask(query('value'), { from: 0, to: 8 }, signal()),
    together.ask(query('top3'), range, signal()),
  ]);
  expect(found.map(({ output, first }) => [output, first])).toEqual([
    ['output of action', 8],
    ['output of value', 8],
    ['output of value', 8],
    ['output of value', 0],
    ['output of top3', 8],
  ]);
  expect(several).toHaveBeenCalledTimes(1);
  expect(several.mock.calls[0]!.slice(0, 3)).toEqual([query('action'), ['action', 'value'], range]);
  expect(one).toHaveBeenCalledTimes(3);
});

it('asks one by one what cannot be asked together, from then on at once', async () => {
  const { one, several, together } = asker(vi.fn().mockRejectedValue(new Error('no value')));
  const both = () =>
    Promise.all(
      ['action', 'value'].map((target) => together.ask(query(target), { from: 0, to: 8 }, signal())),
    );
  expect((await both()).map(({ output }) => output)).toEqual(['output of action', 'output of value']);
  await both();
  expect([several.mock.calls.length, one.mock.calls.length]).toEqual([1, 4]);
});

it('asks on for those who stay when one leaves', async () => {
  let inner: AbortSignal | undefined;
  let arrive: ((found: Attributions[]) => void) | undefined;
  const several = vi.fn(
    (_query: AttributionQuery, _targets: readonly string[], _range: unknown, signal: AbortSignal) => {
      inner = signal;
      return new Promise<Attributions[]>((resolve) => (arrive = resolve));
    },
  );
  const { together } = asker(several as never);
  const [left, stays] = [new AbortController(), new AbortController()];
  const first = together.ask(query('action'), { from: 0, to: 8 }, left.signal);
  const second = together.ask(query('value'), { from: 0, to: 8 }, stays.signal);
  await Promise.resolve();
  left.abort();
  expect(inner!.aborted).toBe(false);
  arrive!([answer('action', 0), answer('value', 0)]);
  await expect(first).rejects.toThrow();
  expect((await second).output).toBe('output of value');
});
