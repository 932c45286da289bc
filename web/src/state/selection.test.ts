import { describe, expect, it } from 'vitest';

import { MemoryAddress } from '../../testing/memory_address';
import { runSummary } from '../../testing/run_summary';
import { Router } from './router.svelte';
import type { Runs } from './runs.svelte';
import { runsLike, Selection, SHOWN_DEFAULT, SHOWN_MAX } from './selection.svelte';

function selection(ids: string[], hash = '') {
  const all = ids.map((id) => runSummary({ id }));
  const router = new Router(new MemoryAddress(hash), 'runs');
  return { selection: new Selection(router, { all } as unknown as Runs), router };
}

const shown = (one: Selection) => one.shown.map((run) => run.id).join('');

it('shows what can be compared with a run while nobody has chosen, and always that run', () => {
  const run = (id: string, env_id: string | null, project = 'p') => runSummary({ id, env_id, project });
  const ids = (at: number, ...runs: ReturnType<typeof run>[]) => runsLike(runs[at], runs).map(({ id }) => id);
  const mixed = [run('d', 'Pong'), run('c', 'CartPole'), run('b', 'Pong', 'other'), run('a', 'Pong')];
  expect(mixed.map((_, at) => ids(at, ...mixed).join(''))).toEqual(['da', 'c', 'b', 'da']);
  expect(ids(0, run('b', null), run('a', null))).toEqual(['b', 'a']);
  const many = Array.from({ length: 20 }, (_, i) => run(String(i), 'Pong'));
  expect(ids(3, ...many)).toEqual(many.slice(0, SHOWN_DEFAULT).map(({ id }) => id));
  expect(ids(15, ...many)).toEqual([...many.slice(0, SHOWN_DEFAULT - 1).map(({ id }) => id), '15']);
});

describe('Selection', () => {
  it('is what the address says, in the order of the runs, without those that are gone', () => {
    expect(shown(selection(['c', 'b', 'a'], '#/training?runs=a,x,c').selection)).toBe('ca');
    expect(shown(selection(['c', 'b', 'a'], '#/training?runs=').selection)).toBe('');
    expect(shown(selection(['c', 'b', 'a']).selection)).toBe('cba');
  });

  it('follows the run in view while nobody has chosen, and what somebody chose before it', () => {
    const all = [
      runSummary({ id: 'c', env_id: 'Pong' }),
      runSummary({ id: 'b', env_id: 'CartPole' }),
      runSummary({ id: 'a', env_id: 'CartPole' }),
    ];
    const router = new Router(new MemoryAddress('#/states?run=a'), 'runs');
    const one = new Selection(router, { all } as unknown as Runs);
    expect([shown(one), one.likened?.id]).toEqual(['ba', 'a']);
    router.go('gallery');
    expect(shown(one)).toBe('ba');
    router.set({ run: 'gone' });
    expect([shown(one), one.likened?.id]).toEqual(['c', 'c']);
    router.set({ run: 'a', runs: 'c' });
    expect(shown(one)).toBe('c');
    expect(shown(new Selection(router, { all: [] } as unknown as Runs))).toBe('');
  });

  it('toggles runs without changing the colours of the others', () => {
    const { selection: one } = selection(['c', 'b', 'a']);
    const colour = (id: string) => one.ink(id, 'light')?.colour;
    const before = ['a', 'b', 'c'].map(colour);
    expect(new Set(before).size).toBe(3);
    one.toggle('b');
    expect([shown(one), colour('b'), colour('a'), colour('c')]).toEqual([
      'ca',
      undefined,
      before[0],
      before[2],
    ]);
    one.toggle('b');
    expect(['a', 'b', 'c'].map(colour)).toEqual(before);
  });

  it('goes back to the default', () => {
    const { selection: one, router } = selection(['b', 'a'], '#/training?runs=a');
    one.reset();
    expect([shown(one), router.param('runs')]).toEqual(['ba', null]);
  });

  it('has a limit', () => {
    const ids = Array.from({ length: SHOWN_MAX + 5 }, (_, i) => String(i));
    const { selection: one } = selection(ids);
    one.show(ids);
    expect(one.shown).toHaveLength(SHOWN_MAX);
  });
});
