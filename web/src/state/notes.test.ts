import { describe, expect, it, vi } from 'vitest';

import type { Client } from '../api/client';
import type { Events, Notices } from '../api/events';
import { ApiError } from '../api/source';
import type { Notes } from '../api/wire';
import { NotesBook } from './notes.svelte';
import { changeHotspot, NO_EPISODE_NOTES, NO_NOTES, sayOfRun } from './notes_edit';

const spot = (from: number) => ({ from, to: from, title: '', note: '' });
const add = (from: number) => changeHotspot(3, NO_EPISODE_NOTES, null, spot(from));

/** A server that keeps notes as ours does. */
function setUp() {
  const server = { notes: NO_NOTES, version: 1, puts: 0 };
  const tagged = () => ({ value: server.notes, tag: `"${server.version}"` });
  const write = (notes: Notes) => {
    server.notes = notes;
    server.version += 1;
  };
  const client = {
    notes: vi.fn(async () => tagged()),
    putNotes: vi.fn(async (_run: string, notes: Notes, tag: string) => {
      server.puts += 1;
      if (tag !== tagged().tag) {
        const body = { code: 'changed', message: 'x', notes: server.notes };
        throw new ApiError(412, body, { tag: tagged().tag });
      }
      write(notes);
      return tagged();
    }),
  };
  let notices!: Notices;
  const events = {
    listen: (given: Notices) => {
      notices = given;
      return () => undefined;
    },
  };
  const book = new NotesBook(client as unknown as Client, events as unknown as Events);
  book.start();
  return { book, client, server, write, hear: (run: string | null) => notices.notes?.(run) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('NotesBook', () => {
  it('reads what is wanted once, and again when somebody wrote', async () => {
    const { book, client, write, hear } = setUp();
    expect(book.get('r')).toBeUndefined();
    book.want('r');
    book.want('r');
    await settled();
    expect(book.get('r')).toEqual(NO_NOTES);
    write({ ...NO_NOTES, title: 'theirs' });
    hear('other');
    hear('r');
    await settled();
    expect(book.get('r')?.title).toBe('theirs');
    hear(null);
    await settled();
    expect(client.notes).toHaveBeenCalledTimes(3);
  });

  it('does a change anew on what somebody else wrote in between', async () => {
    const { book, server, write } = setUp();
    book.want('r');
    await settled();
    write(sayOfRun(NO_NOTES, { title: 'theirs', description: '', tags: [] }).apply(add(9).apply(NO_NOTES)));
    await book.change('r', add(4));
    expect(server.puts).toBe(2);
    expect(server.notes.title).toBe('theirs');
    expect(server.notes.episodes[3]!.hotspots).toEqual([spot(4), spot(9)]);
    expect(book.get('r')).toEqual(server.notes);
  });

  it('makes changes one after the other, and takes the last back', async () => {
    const { book, server } = setUp();
    await Promise.all([book.change('r', add(1)), book.change('r', add(2)), book.change('r', add(3))]);
    expect(server.puts).toBe(3);
    expect(server.notes.episodes[3]!.hotspots.map(({ from }) => from)).toEqual([1, 2, 3]);
    await book.undo();
    expect(server.notes.episodes[3]!.hotspots.map(({ from }) => from)).toEqual([1, 2]);
    expect(book.done).toBeNull();
    await book.undo();
    expect(server.puts).toBe(4);
  });

  it('says why nothing can be written, and goes on', async () => {
    const { book, client, server } = setUp();
    client.putNotes.mockRejectedValueOnce(new ApiError(403, { code: 'read_only', message: 'no' }));
    await expect(book.change('r', add(1))).rejects.toThrow('no');
    expect(book.done).toBeNull();
    await book.change('r', add(2));
    expect(server.notes.episodes[3]!.hotspots).toEqual([spot(2)]);
    client.notes.mockRejectedValueOnce(new ApiError(500, { code: 'corrupt', message: 'damaged' }));
    book.want('s');
    await settled();
    expect(book.error('s')).toBeInstanceOf(ApiError);
  });
});
