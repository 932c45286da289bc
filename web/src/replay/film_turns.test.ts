import { describe, expect, it } from 'vitest';

import { FilmTurns } from './film_turns';

describe('FilmTurns', () => {
  it('gives places to those who came first, and on to the next', () => {
    const turns = new FilmTurns(2);
    const told: string[] = [];
    const [a, , c] = ['a', 'b', 'c', 'd'].map((name) => turns.take(() => told.push(name)));
    expect(told).toEqual(['a', 'b']);
    // One that waits and leaves is passed over.
    c();
    a();
    expect(told).toEqual(['a', 'b', 'd']);
    // Giving back twice frees no second place.
    a();
    turns.take(() => told.push('e'));
    expect(told).toEqual(['a', 'b', 'd']);
  });
});
