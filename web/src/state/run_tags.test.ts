import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { TagsOfRun } from '../api/wire';
import { RunTags } from './run_tags';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const scalar = (tag: string) => ({
  axis: 'global_step' as const,
  tag,
  count: 1,
  first_step: 0,
  last_step: 0,
  last_value: 1,
});

it('asks once for many runs, again only for those that grew, and says which could not be read', async () => {
  const asked: string[][] = [];
  const tags = new RunTags({
    tags: (runs) => {
      asked.push([...runs]);
      return Promise.resolve(
        runs.map((run): TagsOfRun =>
          run === 'gone'
            ? { run, error: { code: 'not_found', message: 'no run gone', hint: '' } }
            : { run, revision: asked.length, episode_count: 0, scalars: [scalar('x')] },
        ),
      );
    },
  });
  tags.want([
    { id: 'a', revision: 1 },
    { id: 'b', revision: 1 },
    { id: 'gone', revision: 1 },
  ]);
  await vi.runAllTimersAsync();
  const before = tags.get('a');
  expect(before?.scalars.map(({ tag }) => tag)).toEqual(['x']);
  expect(String(tags.error('gone'))).toContain('no run gone');

  tags.want([
    { id: 'a', revision: 2 },
    { id: 'b', revision: 1 },
  ]);
  await vi.runAllTimersAsync();
  expect(asked).toEqual([['a', 'b', 'gone'], ['a']]);
  expect(tags.get('a')).toBe(before);
});
