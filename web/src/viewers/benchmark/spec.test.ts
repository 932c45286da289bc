import { describe, expect, it } from 'vitest';

import { formatSpec, parseSpec, type BenchmarkSpec } from './spec';

const parse = (params: Record<string, string | null>) => parseSpec((name) => params[name] ?? null);

describe('the address of a benchmark', () => {
  it('says nothing of what nobody chose, and odd words become the default', () => {
    expect(formatSpec(parse({}))).toEqual({
      compare: null,
      project: null,
      by: null,
      task: null,
      score: null,
      scale: null,
      cells: null,
      profile: null,
      along: null,
      hide: null,
    });
    expect(parse({ scale: 'odd', cells: 'odd', profile: 'odd', along: 'odd' })).toEqual(parse({}));
  });

  it('comes back as it was written, commas in names included', () => {
    const spec: BenchmarkSpec = {
      part: 'parameters',
      project: 'atari, all',
      by: 'config:optimizer.name',
      task: 'project',
      score: 'a@b/c@step:1000',
      normalization: 'human',
      cells: 'iqm',
      profile: 'tasks',
      along: 'time',
      hidden: ['dqn, double', 'ppo'],
    };
    expect(parse(formatSpec(spec))).toEqual(spec);
  });
});
