import { describe, expect, it } from 'vitest';

import type { FoundEvent } from '../../api/wire';
import { listed, specOf } from './spec';

const event = (kind: string, episode: number, step: number, score: number): FoundEvent => ({
  kind,
  episode,
  step,
  from: step,
  to: step + 1,
  value: 1,
  score,
  rank: 1,
  evidence: '',
  numbers: {},
});

describe('the list of events', () => {
  const events = [event('loop', 3, 0, 0.4), event('high_advantage', 1, 9, 0.9), event('loop', 1, 2, 0.6)];

  it('keeps the order of ranks unless another is asked for', () => {
    const of = (sort: string) =>
      listed(
        events,
        specOf((name) => (name === 'sort' ? sort : null)),
      ).map(({ episode, step }) => `${episode}:${step}`);
    expect(of('rank')).toEqual(['3:0', '1:9', '1:2']);
    expect(of('score')).toEqual(['1:9', '1:2', '3:0']);
    expect(of('episode')).toEqual(['1:2', '1:9', '3:0']);
    expect(of('nonsense')).toEqual(['3:0', '1:9', '1:2']);
  });

  it('shows the kinds of the address', () => {
    const spec = specOf((name) => (name === 'kinds' ? 'loop,,loop' : null));
    expect(spec.kinds).toEqual(['loop']);
    expect(listed(events, spec)).toHaveLength(2);
  });
});
