import { describe, expect, it } from 'vitest';

import type { EpisodeNotes, Hotspot, Json } from '../api/wire';
import {
  changeHotspot,
  episodeNotes,
  NO_EPISODE_NOTES,
  NO_NOTES,
  sayOfEpisode,
  sayOfRun,
  scriptNotes,
  tagsFromText,
} from './notes_edit';

const spot = (from: number, to = from, title = ''): Hotspot => ({ from, to, title, note: '' });
const script: EpisodeNotes = { title: 'by script', description: '', tags: ['auto'], hotspots: [spot(3)] };

describe('notes', () => {
  it('are those of the script until somebody writes', () => {
    expect(episodeNotes(NO_NOTES, 7, script)).toBe(script);
    const added = changeHotspot(7, script, null, spot(1)).apply(NO_NOTES);
    expect(episodeNotes(added, 7, script)).toEqual({ ...script, hotspots: [spot(1), spot(3)] });
    expect(episodeNotes(added, 8, script)).toBe(script);
  });

  it('stay empty once somebody took everything away', () => {
    const gone = changeHotspot(7, script, spot(3), null).apply(NO_NOTES);
    expect(episodeNotes(gone, 7, script).hotspots).toEqual([]);
  });

  it('are undone without touching what others wrote since', () => {
    const change = changeHotspot(7, script, spot(3), spot(3, 9, 'tunnel'));
    const theirs = sayOfEpisode(7, script, script, { title: 'theirs', description: 'x', tags: [] });
    const both = theirs.apply(change.apply(NO_NOTES));
    const undone = change.revert(both);
    expect(undone.episodes[7]).toEqual({ title: 'theirs', description: 'x', tags: [], hotspots: [spot(3)] });
    expect(changeHotspot(7, script, null, spot(5)).revert(undone).episodes[7]!.hotspots).toEqual([spot(3)]);
  });

  it('of equal hotspots lose one', () => {
    const two = [spot(3), spot(3)].reduce(
      (notes, fresh) => changeHotspot(0, NO_EPISODE_NOTES, null, fresh).apply(notes),
      NO_NOTES,
    );
    const one = changeHotspot(0, NO_EPISODE_NOTES, spot(3), null).apply(two);
    expect(one.episodes[0]!.hotspots).toEqual([spot(3)]);
  });

  it('of a run keep its episodes', () => {
    const notes = changeHotspot(7, script, null, spot(1)).apply(NO_NOTES);
    const change = sayOfRun(NO_NOTES, { title: 'run', description: '', tags: ['a'] });
    expect(change.apply(notes)).toEqual({ ...notes, title: 'run', tags: ['a'] });
    expect(change.revert(change.apply(notes))).toEqual(notes);
  });
});

describe('what a script said', () => {
  const of = (notes: unknown) => scriptNotes({ notes: notes as Json });

  it('is taken as it is', () => {
    const said = { title: 't', tags: ['b', 'a', 'b'], hotspots: [spot(9), spot(2, 4, 'x')] };
    expect(of(said)).toEqual({
      title: 't',
      description: '',
      tags: ['b', 'a'],
      hotspots: [spot(2, 4, 'x'), spot(9)],
    });
  });

  it('is passed over where it makes no sense, and cut where it is too much', () => {
    for (const odd of [null, 7, 'x', [], {}, { title: 5, tags: 'x', hotspots: {} }, { tags: [1, ''] }]) {
      expect(of(odd)).toEqual(NO_EPISODE_NOTES);
    }
    expect(scriptNotes(undefined)).toEqual(NO_EPISODE_NOTES);
    const spots = [null, 3, [], { from: 1 }, { from: -1, to: 2 }, { from: 5, to: 4 }, { from: 0.5, to: 1 }];
    expect(of({ hotspots: spots }).hotspots).toEqual([]);
    expect(of({ title: 'x'.repeat(500) }).title).toHaveLength(200);
    const many = of({ hotspots: Array.from({ length: 5_000 }, (_, from) => ({ from, to: from })) });
    expect(many.hotspots).toHaveLength(1_000);
  });
});

it('tags are typed with commas', () => {
  expect(tagsFromText(' a, b  c ,,a,')).toEqual(['a', 'b c']);
  expect(tagsFromText('')).toEqual([]);
});
