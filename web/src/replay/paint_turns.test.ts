import { describe, expect, it } from 'vitest';

import { PaintTurns } from './paint_turns';

/** Screens that each take `cost` milliseconds to draw, and a log of who drew what. */
function screens(count: number, cost: number, budget: number) {
  let now = 0;
  const turns = new PaintTurns(budget, () => now);
  const log: string[] = [];
  const stops = Array.from({ length: count }, (_, i) =>
    turns.add((step) => {
      now += cost;
      log.push(`${i}@${step}`);
    }),
  );
  return { turns, log, stops };
}

describe('PaintTurns', () => {
  it('draws all at once where there is time', () => {
    const { turns, log } = screens(3, 1, 6);
    expect(turns.serve(7)).toBe(false);
    expect(log).toEqual(['0@7', '1@7', '2@7']);
  });

  it('never takes longer than its budget by more than one screen, and nobody starves', () => {
    const { turns, log } = screens(5, 4, 6);
    expect(turns.serve(0)).toBe(true);
    expect(log).toEqual(['0@0', '1@0']);
    turns.request();
    turns.serve(1);
    turns.serve(2);
    turns.serve(3);
    expect(log).toEqual(['0@0', '1@0', '2@1', '3@1', '4@2', '0@3', '1@3']);
  });

  it('rests when nothing was asked for', () => {
    const { turns, log } = screens(2, 1, 6);
    turns.serve(0);
    expect(turns.serve(1)).toBe(false);
    expect(log).toHaveLength(2);
  });

  it('forgets those that were taken away', () => {
    const { turns, log, stops } = screens(2, 1, 6);
    stops[0]();
    turns.serve(0);
    expect(log).toEqual(['1@0']);
  });
});
