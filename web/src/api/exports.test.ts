import { describe, expect, it } from 'vitest';

import { episodesFiles, pointsFiles, stepsFiles } from './exports';

const addressOf = (offers: ReturnType<typeof stepsFiles>, format: string) =>
  new URL(offers.find((one) => one.format === format)!.href!, 'http://localhost');

describe('files of tables', () => {
  it('are asked of the server, a run after the other', () => {
    const episodes = addressOf(episodesFiles(['r/1', 'r&2']), 'parquet');
    expect(episodes.pathname).toBe('/api/exports/episodes');
    expect(episodes.searchParams.getAll('run')).toEqual(['r/1', 'r&2']);
    const steps = addressOf(stepsFiles('r/1', 7), 'npz');
    expect(Object.fromEntries(steps.searchParams)).toEqual({ run: 'r/1', episode: '7', format: 'npz' });
  });

  it.each([
    ['losses/value_loss', 'losses/value_loss'],
    ['loss * 2 (a.b)', '/^loss \\* 2 \\(a\\.b\\)$/'],
    ['/odd/', '/^/odd/$/'],
  ])('of the tag %s name it and no other', (tag, pattern) => {
    const { searchParams } = addressOf(pointsFiles(['a'], 'global_step', tag), 'json');
    expect(searchParams.get('tag')).toBe(pattern);
    expect(addressOf(pointsFiles(['a'], 'global_step', tag), 'csv').searchParams.get('tag')).toBe(tag);
  });
});
