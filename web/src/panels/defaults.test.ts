import { describe, expect, it } from 'vitest';

import { defaultLayout, type Overviewed } from './defaults';
import { checked } from './registry';

function logged(tags: string[], episodes = 0, recorded = 0, evaluation = false): Overviewed {
  const scalars = tags.map((tag) => ({
    axis: 'global_step' as const,
    tag,
    count: 2,
    first_step: 0,
    last_step: 9,
    last_value: 1,
  }));
  return { scalars, recorded, kinds: { training: episodes > 0 && !evaluation, evaluation } };
}
const titles = (detail: Overviewed) => defaultLayout(detail).layout.map(({ kind, title }) => title || kind);
const fields = (detail: Overviewed) =>
  defaultLayout(detail).layout.flatMap(({ spec }) =>
    Array.isArray(spec.tags) ? (spec.tags as string[]) : [],
  );

describe('the page of a run', () => {
  it('shows what Stable-Baselines3 logs', () => {
    const tags = [
      'rollout/ep_rew_mean',
      'rollout/ep_len_mean',
      'time/fps',
      'train/approx_kl',
      'train/entropy_loss',
      'train/explained_variance',
      'train/policy_gradient_loss',
      'train/value_loss',
    ];
    expect(fields(logged(tags)).toSorted()).toEqual(
      tags.map((tag) => `scalar:global_step:${tag}`).toSorted(),
    );
  });

  it('shows what CleanRL logs, and nothing twice', () => {
    const tags = [
      'charts/SPS',
      'charts/episodic_length',
      'charts/episodic_return',
      'losses/approx_kl',
      'losses/entropy',
      'losses/explained_variance',
      'losses/policy_loss',
      'losses/value_loss',
    ];
    expect(fields(logged([...tags, 'losses/old_approx_kl', 'charts/learning_rate'])).toSorted()).toEqual(
      tags.map((tag) => `scalar:global_step:${tag}`).toSorted(),
    );
  });

  it('D-15: of a run with returns only, shows the returns and says what to log for the rest', () => {
    const { layout, absent } = defaultLayout(logged([], 5));
    expect(layout.map(({ title, kind }) => title || kind)).toEqual([
      'Return',
      'run_card',
      'Length of episodes',
    ]);
    expect(absent.map(({ title }) => title)).toEqual([
      'Episodes that play',
      'Value loss',
      'Policy loss',
      'Entropy',
      'KL divergence',
      'Explained variance',
      'Steps per second',
    ]);
    for (const { line } of absent) expect(line.split('\n')).toHaveLength(1);
  });

  it('plays the latest episode once one was recorded', () => {
    expect(titles(logged([], 5, 2)).slice(0, 3)).toEqual(['Return', 'episode', 'run_card']);
    expect(titles(logged([]))).toEqual(['run_card']);
    // Episodes that were only played to evaluate have neither curves of training nor of length.
    expect(fields(logged([], 5, 2, true))).toEqual(['episode:episode:evaluation_return']);
  });

  it('is one that its panels can show', () => {
    const { layout } = defaultLayout(logged(['losses/td', 'epsilon'], 5, 2));
    expect(layout.map((panel) => checked(panel).problem)).toEqual(layout.map(() => null));
  });
});
