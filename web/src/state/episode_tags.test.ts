import { describe, expect, it } from 'vitest';

import { episodeLabel, tagCounts } from './episode_tags';
import { NO_NOTES, sayOfEpisode, NO_EPISODE_NOTES } from './notes_edit';

const extra = JSON.stringify({ level: 3, notes: { title: 'by script', tags: ['a', 'b'] } });

describe('labels of episodes', () => {
  it('are those of the script until people wrote', () => {
    expect(episodeLabel(undefined, 7, extra)).toEqual({ title: 'by script', tags: ['a', 'b'] });
    const said = { title: null, description: '', tags: ['c'] };
    const notes = sayOfEpisode(7, NO_EPISODE_NOTES, NO_EPISODE_NOTES, said).apply(NO_NOTES);
    expect(episodeLabel(notes, 7, extra)).toEqual({ title: null, tags: ['c'] });
    expect(episodeLabel(notes, 8, extra).title).toBe('by script');
  });

  it('are none where nothing was said, or nothing that makes sense', () => {
    for (const odd of [null, '', '{}', '"notes"', '["notes"]', '{"notes":', '{"notes": 3}']) {
      expect(episodeLabel(NO_NOTES, 0, odd)).toEqual({ title: null, tags: [] });
    }
  });

  it('are counted by tag', () => {
    const labels = [['a', 'b'], ['b'], ['c', 'b'], ['c']].map((tags) => ({ title: null, tags }));
    expect(tagCounts(labels)).toEqual([
      ['b', 3],
      ['c', 2],
      ['a', 1],
    ]);
    expect(tagCounts([])).toEqual([]);
  });
});
