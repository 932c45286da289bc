import { describe, expect, it } from 'vitest';

import { episodeSet } from '../../../testing/episode_table';
import { NO_EPISODE_NOTES, NO_NOTES } from '../../state/notes_edit';
import { EpisodeFields } from './fields';
import { parseFilter } from './filter';

const set = episodeSet(
  [
    { extra: { title: 'early', tags: 'old', level: 3 } },
    { extra: { notes: { title: 'logged', tags: ['loop'], description: 'round and round' } } },
    {},
  ],
  [{ extra: { notes: { tags: ['loop'] } } }],
);
const people = new Map([
  ['b', { ...NO_NOTES, episodes: { 0: { ...NO_EPISODE_NOTES, title: 'seen', tags: ['reward hack'] } } }],
]);
const passing = (text: string, fields: EpisodeFields) => {
  const filter = parseFilter(text, fields);
  expect(filter.error).toBeNull();
  return Array.from({ length: set.rows }, (_, row) => row).filter((row) => filter.passes(row));
};

describe('words on episodes', () => {
  it('are those of the script, as notes or beside the numbers', () => {
    const { words } = new EpisodeFields(set);
    expect([0, 1, 2, 3].map((row) => words.title(row))).toEqual(['early', 'logged', '', '']);
    expect([0, 1, 2, 3].map((row) => words.tags(row))).toEqual([['old'], ['loop'], [], ['loop']]);
    expect(words.text(1)).toContain('round and round');
    expect(words.text(0)).toContain('"level":3');
  });

  it('are those of people once they wrote any', () => {
    const fields = new EpisodeFields(set, [], new Map(), people);
    expect(fields.words.title(3)).toBe('seen');
    expect(passing('tag:loop', fields)).toEqual([1]);
    expect(passing('tag="reward hack"', fields)).toEqual([3]);
    expect(passing('title:seen', fields)).toEqual([3]);
    expect(passing('tag:loop', new EpisodeFields(set))).toEqual([1, 3]);
  });

  it('are none where nothing was said', () => {
    const plain = episodeSet([{ extra: { level: 1 } }]);
    expect(new EpisodeFields(plain).words.any).toBe(false);
    expect(new EpisodeFields(plain, [], new Map(), new Map([['a', NO_NOTES]])).words.any).toBe(false);
    expect(new EpisodeFields(set).words.any).toBe(true);
  });
});
