import { expect, it } from 'vitest';

import { runSummary } from '../../testing/run_summary';
import { lastReturn } from './returns';

it('knows the return by the names that libraries give it, and never makes one up', () => {
  const of = (summary: Record<string, number | null>) => lastReturn(runSummary({ id: 'x', summary }))?.tag;
  expect(of({ 'rollout/ep_rew_mean': 1, loss: 2 })).toBe('rollout/ep_rew_mean');
  expect(of({ 'train/episodic_return': 1 })).toBe('train/episodic_return');
  expect(of({ returns_std: 1, loss: 2 })).toBeUndefined();
  expect(of({ episode_return: null })).toBeUndefined();
});
