import { describe, expect, it } from 'vitest';

import { rangesOf } from './step_pictures';

describe('questions for pictures', () => {
  it('take steps that lie near each other together, each once', () => {
    expect(rangesOf([])).toEqual([]);
    expect(rangesOf([80, 5, 6])).toEqual([
      { from: 5, to: 7, steps: [5, 6] },
      { from: 80, to: 81, steps: [80] },
    ]);
    const all = Array.from({ length: 100 }, (_, i) => 10 * i);
    const ranges = rangesOf(all);
    expect(ranges.length).toBeLessThan(6);
    expect(ranges.flatMap(({ steps }) => steps)).toEqual(all);
    for (const { from, to } of ranges) expect(to - from).toBeLessThanOrEqual(256);
    expect(rangesOf([0, 1000, 2000])).toHaveLength(3);
  });
});
