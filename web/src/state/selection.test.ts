import { describe, expect, it } from 'vitest';

import { MemoryAddress } from '../../testing/memory_address';
import { runSummary } from '../../testing/run_summary';
import { Router } from './router.svelte';
import type { Runs } from './runs.svelte';
import { runsLikeNewest, Selection, SHOWN_DEFAULT, SHOWN_MAX } from './selection.svelte';

function selection(ids: string[], hash = '') {
  const all = ids.map((id) => runSummary({ id }));
  const router = new Router(new MemoryAddress(hash), 'runs');
  return { selection: new Selection(router, { all } as unknown as Runs), router };
}

const shown = (one: Selection) => one.shown.map((run) => run.id).join('');

it('shows what can be compared with the newest run while nobody has chosen', () => {
  const run = (id: string, env_id: string | null, project = 'p') => runSummary({ id, env_id, project });
  const ids = (...runs: ReturnType<typeof run>[]) => runsLikeNewest(runs).map(({ id }) => id);
  expect(ids(run('d', 'Pong'), run('c', 'CartPole'), run('b', 'Pong', 'other'), run('a', 'Pong'))).toEqual([
    'd',
    'a',
  ]);
  expect(ids(run('b', null), run('a', null))).toEqual(['b', 'a']);
  expect(ids()).toEqual([]);
  expect(ids(...Array.from({ length: 20 }, (_, i) => run(String(i), 'Pong')))).toHaveLength(SHOWN_DEFAULT);
});

describe('Selection', () => {
  it('is what the address says, in the order of the runs, without those that are gone', () => {
    expect(shown(selection(['c', 'b', 'a'], '#/training?runs=a,x,c').selection)).toBe('ca');
    expect(shown(selection(['c', 'b', 'a'], '#/training?runs=').selection)).toBe('');
    expect(shown(selection(['c', 'b', 'a']).selection)).toBe('cba');
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
