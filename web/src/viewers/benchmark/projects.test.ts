import { describe, expect, it } from 'vitest';

import type { RunSummary } from '../../api/wire';
import { ALL, projectByItself, projectsOf, runsOf } from './projects';

/** Runs of a project by their names, as a table that is newest first has them. */
const runs = (project: string, names: readonly string[], group: string | null = null) =>
  names.map((name) => ({ id: `${project}/${name}`, project, name, group })) as unknown as RunSummary[];

const agents = runs('demo', ['cartpole-dqn', 'breakout-a3c', 'pong-a3c']);
const sweep = runs(
  'sweep',
  ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `ppo-${letter}`),
);
const seeds = runs('benchmark', ['ppo-s1', 'ppo-s2', 'dqn-s1']);

describe('the project that a benchmark begins with', () => {
  it('is the newest that has several seeds of something; of parameters, that has enough runs', () => {
    const all = [...agents, ...sweep, ...seeds];
    expect(projectsOf(all)).toEqual([
      { name: 'demo', runs: 3 },
      { name: 'sweep', runs: 8 },
      { name: 'benchmark', runs: 3 },
    ]);
    expect(runsOf('sweep', all)).toEqual(sweep);
    expect(runsOf(ALL, all)).toEqual(all);
    expect(projectByItself(all, 'algorithms')).toBe('benchmark');
    expect(projectByItself(all, 'parameters')).toBe('sweep');
  });

  it('has many configurations of one task for parameters, not many seeds of few', () => {
    const tasks = ['cartpole', 'acrobot', 'lander'].flatMap((task) =>
      runs(
        'tasks',
        ['a2c', 'dqn', 'ppo'].flatMap((name) => [`${task}-${name}-s1`, `${task}-${name}-s2`]),
      ).map((run) => ({ ...run, env_id: task })),
    );
    expect(projectByItself([...tasks, ...sweep], 'parameters')).toBe('sweep');
    expect(projectByItself([...tasks, ...sweep], 'parameters', 'tasks')).toBe('sweep');
    expect(projectByItself([...agents, ...tasks], 'parameters')).toBe('tasks');
  });

  it('is that of the run in view where it has them', () => {
    const all = [...seeds, ...runs('older', ['dqn-s1', 'dqn-s2']), ...agents];
    expect(projectByItself(all, 'algorithms', 'older')).toBe('older');
    expect(projectByItself(all, 'algorithms', 'demo')).toBe('benchmark');
    expect(projectByItself(all, 'parameters', 'demo')).toBe('demo');
  });

  it('is that of the newest run where none has', () => {
    expect(projectByItself(agents, 'algorithms')).toBe('demo');
    expect(projectByItself([...agents, ...seeds], 'parameters')).toBe('demo');
    expect(projectByItself([], 'algorithms')).toBeNull();
  });

  it('knows seeds by their group, whatever the runs are called', () => {
    const grouped = runs('named', ['red', 'blue'], 'ppo');
    expect(projectByItself([...agents, ...grouped], 'algorithms')).toBe('named');
  });
});
