import type { RunSummary } from '../api/wire';

/** Tags that hold the return of an episode, best first; each is what some common library logs. */
const RETURN_TAGS: readonly string[] = [
  'episode_return',
  'rollout/episode_return',
  'charts/episodic_return',
  'rollout/ep_rew_mean',
  'env_runners/episode_return_mean',
  'evaluation/mean_return',
  'eval/mean_reward',
];

/** Whether a tag, by its name, holds the return of an episode. */
export function isReturnTag(tag: string): boolean {
  return RETURN_TAGS.includes(tag) || /(^|[/_])(episod\w*_)?return(_mean)?$/.test(tag);
}

/** The tag that holds the return of an episode, and its last value; null when the run has none. */
export function lastReturn(run: RunSummary): { tag: string; value: number } | null {
  const tags = Object.keys(run.summary);
  const tag =
    RETURN_TAGS.find((candidate) => typeof run.summary[candidate] === 'number') ??
    tags.toSorted().find(isReturnTag);
  const value = tag === undefined ? null : run.summary[tag];
  return tag === undefined || value === null ? null : { tag, value };
}
