import { expect, it } from 'vitest';

import type { Axis } from '../api/wire';
import { filterGroups, groupsOf, patternOf } from './tags';

function detail(tags: (string | [Axis, string])[], episode_count = 0) {
  const scalars = tags.map((tag) => {
    const [axis, name] = typeof tag === 'string' ? (['global_step', tag] as const) : tag;
    return { axis, tag: name, count: 1, first_step: 0, last_step: 0, last_value: 0 };
  });
  return { scalars, episode_count };
}

const shape = (groups: ReturnType<typeof groupsOf>) =>
  groups.map((group) => [group.name, group.items.map((item) => item.key)]);

it('groups the tags of all runs, each once, returns first', () => {
  const groups = groupsOf([
    detail(['losses/td', 'fps', 'losses/kl/policy']),
    detail(['losses/td', 'rollout/episode_return']),
  ]);
  expect(shape(groups)).toEqual([
    ['rollout', ['rollout/episode_return']],
    ['losses', ['losses/kl/policy', 'losses/td']],
    ['scalars', ['fps']],
  ]);
  expect(groups[1].items.map((item) => item.title)).toEqual(['kl/policy', 'td']);
});

it('keeps the same tag on two axes apart', () => {
  expect(shape(groupsOf([detail(['a/x', ['episode', 'a/x']])]))).toEqual([['a', ['a/x', 'episode:a/x']]]);
});

it('shows what is known of episodes whether or not anybody logs it, under one heading', () => {
  expect(shape(groupsOf([detail([], 3)]))).toEqual([['episodes', ['episodes.return', 'episodes.length']]]);
  const kinds = (training: boolean, evaluation: boolean) =>
    shape(groupsOf([{ ...detail([], 3), kinds: { training, evaluation } }]));
  expect(kinds(true, true)).toEqual([
    ['episodes', ['episodes.return', 'episodes.length', 'episodes.evaluation']],
  ]);
  expect(kinds(false, true)).toEqual([['episodes', ['episodes.evaluation']]]);
  expect(kinds(false, false)).toEqual([]);
  const both = groupsOf([detail(['episodes/custom', 'losses/td'], 3)]);
  expect(both.map((group) => group.name)).toEqual(['episodes', 'losses']);
  expect(both[0].items).toHaveLength(3);
});

it('takes odd tags as they are', () => {
  expect(shape(groupsOf([detail(['/x', 'y/', 'a//b'])]))).toEqual([
    ['a', ['a//b']],
    ['scalars', ['/x', 'y/']],
  ]);
});

it('filters by pattern, in any case, and shows all while the pattern is broken', () => {
  const groups = groupsOf([detail(['losses/td', 'losses/kl', 'time/sps'], 1)]);
  const found = (text: string) =>
    filterGroups(groups, patternOf(text).pattern).flatMap((group) => group.items.map((item) => item.key));
  expect(found('TD|sps')).toEqual(['losses/td', 'time/sps']);
  expect(found('^losses/')).toEqual(['losses/kl', 'losses/td']);
  expect(found('episodes')).toEqual(['episodes.return', 'episodes.length']);
  expect(found('nothing')).toEqual([]);
  expect(found('(')).toHaveLength(5);
  expect([patternOf('(').error, patternOf('x').error]).toEqual([
    expect.stringContaining('(') as string,
    null,
  ]);
});
