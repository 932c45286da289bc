import { describe, expect, it } from 'vitest';

import type { Features, WithoutFeatures } from '../../api/features';
import { joined, leftOutOf, leftOutText, ranked, rolloutCommand } from './without';

const part = (step: number[], kl: number[], flips: number[]): WithoutFeatures => {
  const said = (value: number, greedy: number) => ({
    actions: 2,
    probabilities: Float32Array.from(step.flatMap(() => (greedy === 0 ? [0.75, 0.25] : [0.25, 0.75]))),
    value: Float64Array.from(step, () => value),
    greedy: Float64Array.from(step, () => greedy),
  });
  return {
    step: Float64Array.from(step),
    kl: Float64Array.from(kl),
    flips: Uint8Array.from(flips),
    before: said(2, 0),
    after: said(1.5, 1),
  };
};

describe('what would be said without features', () => {
  it('is put together from answers about stretches of steps', () => {
    expect(joined([])).toBeNull();
    const all = joined([part([0, 1], [0.1, 0.2], [0, 1]), part([2], [0.3], [0])])!;
    expect([...all.step]).toEqual([0, 1, 2]);
    expect([...all.flips]).toEqual([0, 1, 0]);
    expect(all.before.probabilities).toHaveLength(6);
  });

  it('is ranked by whether the choice is another, then by how far the policy moves', () => {
    const found = part([4, 5, 6, 7], [0.1, NaN, 0.9, 0.2], [0, 0, 0, 1]);
    const rows = ranked(found, 3);
    expect(rows.map(({ step }) => step)).toEqual([7, 6, 4]);
    expect(rows[0]).toMatchObject({
      flips: true,
      before: 0,
      after: 1,
      likelyBefore: 0.75,
      likelyAfter: 0.25,
      valueBefore: 2,
      valueAfter: 1.5,
    });
  });

  it('is asked of the features that the address names', () => {
    expect(leftOutOf('f2,f0,f0,f99,x,1', 8)).toEqual([0, 2]);
    expect(leftOutText([0, 2])).toBe('f0,f2');
    expect(leftOutOf(null, 8)).toEqual([]);
    expect(leftOutText([])).toBeNull();
  });
});

it('U-22: episodes are played again by a command that finds the same features', () => {
  const features = {
    layer: '/conv 3/Relu',
    of: 'activations',
    factors: Array.from({ length: 6 }, () => ({})),
    checkpoint: { global_step: 80_000, name: 'last' },
  } as unknown as Features;
  expect(rolloutCommand('01J', features, { steps: 512, episodes: null }, [1, 4])).toBe(
    "ethogram rollout 01J@80000 --without 1,4 --layer '/conv 3/Relu' --of activations --factors 6 --states 512 --episodes 10 --compare",
  );
  const few = { steps: 16, episodes: [0, 1, 2, 7] };
  const quoted = rolloutCommand('01J', { ...features, layer: "it's" }, few, [0]);
  expect(quoted).toContain(`--layer 'it'\\''s' `);
  expect(quoted).toContain('--states 16 --of-episodes 0..3,7 --episodes 10');
});
