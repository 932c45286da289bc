import { describe, expect, it } from 'vitest';

import { metricOf, METRICS } from './metrics';

describe('B-17', () => {
  it.each([
    ['losses/approx_kl', /k3/, '(r − 1) − log r'],
    ['train/approx_kl', /k3/, '(r − 1) − log r'],
    ['losses/old_approx_kl', /k1/, '−log r'],
    ['losses/clipfrac', /Clip fraction/, '|r − 1| > ε'],
    ['train/clip_fraction', /Clip fraction/, '|r − 1| > ε'],
    ['losses/explained_variance', /Explained variance/, 'Var[G − V(s)] / Var[G]'],
    ['train/entropy_loss', /Entropy loss/, '−mean_s H'],
    ['losses/entropy', /Entropy of the policy/, 'log π(a|s)'],
    ['train/value_loss', /critic/, '(V(s) − G)²'],
    ['losses/policy_loss', /policy/, 'clip(r, 1 − ε, 1 + ε)'],
    ['losses/td_loss', /Temporal-difference loss/, 'max_a Q'],
    ['rollout/ep_rew_mean', /Mean return/, '100 episodes'],
    ['charts/SPS', /Steps a second/, 'steps / seconds'],
    ['time/fps', /Steps a second/, 'steps / seconds'],
    ['learners/default_policy/vf_explained_var', /Explained variance/, 'Var[G'],
    ['env_runners/episode_return_mean', /Mean return/, 'Σ_t r_t'],
    ['episode_return', /Return of an episode/, 'Σ_t r_t'],
  ])('says what %s is', (tag, title, formula) => {
    const metric = metricOf(tag);
    expect(metric?.title).toMatch(title);
    expect(metric?.formula).toContain(formula);
  });

  it('knows the learning rate, and nothing of names that are the user’s own', () => {
    expect(metricOf('charts/learning_rate')?.meaning).toContain('gradient step');
    expect(metricOf('my/approx_kl_of_something')).toBeUndefined();
    expect(metricOf('loss/')).toBeUndefined();
  });

  it('says of every quantity what it means, what to look for, and who says so', () => {
    for (const { title, meaning, good, bad, source, names } of METRICS) {
      for (const text of [title, meaning, good, bad, source]) expect(text, names[0]).not.toBe('');
      expect(names, title).toEqual(names.map((name) => name.toLowerCase()));
    }
  });
});
