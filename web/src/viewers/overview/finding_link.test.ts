import { describe, expect, it } from 'vitest';

import { parseSpec } from '../training/spec';
import { trainingOf } from './finding_link';

describe('the way from a finding to Training', () => {
  it('shows its curve alone, enlarged around its step', () => {
    const params = trainingOf({ tag: 'losses/td (a)', axis: 'global_step', step: 50_000 }, 100_000, 200);
    expect(params).toEqual({
      filter: '^losses/td \\(a\\)$',
      x: null,
      zoom: 'global_step:45000..55000',
    });
    const spec = parseSpec((name) => params![name] ?? null);
    expect(spec.zoom).toEqual({ domain: 'global_step', range: [45_000, 55_000] });
    expect(new RegExp(spec.filter).test('losses/td (a)')).toBe(true);
  });

  it('begins at 0 at the earliest, and leaves room in a short run', () => {
    expect(trainingOf({ tag: 'kl', axis: 'global_step', step: 3 }, 40, 2)!.zoom).toBe('global_step:0..203');
    const episodes = trainingOf({ tag: 'return', axis: 'episode', step: 100 }, 9_000, 1000)!;
    expect(episodes).toMatchObject({ x: 'episode', zoom: 'episode:50..150' });
  });

  it('leads nowhere where there is no curve', () => {
    expect(trainingOf({ tag: null, axis: 'global_step', step: 1 }, 1, 1)).toBeNull();
    expect(trainingOf({ tag: 'activations/fc', axis: 'sample', step: 1 }, 1, 1)).toBeNull();
    expect(trainingOf({ tag: 'kl', axis: 'global_step', step: null }, 1, 1)).toBeNull();
  });
});
