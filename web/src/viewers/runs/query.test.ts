import { describe, expect, it } from 'vitest';

import { runSummary } from '../../../testing/run_summary';
import { hasPart, partsOf, readQuery, togglePart } from './query';

const RUNS = [
  runSummary({
    id: 'a',
    name: 'DQN Pong',
    project: 'atari',
    tags: ['baseline'],
    state: 'running',
    config: { lr: 0.001, net: { hidden: [64, 64], width: 64 }, seed: 1 },
    summary: { episode_return: 3, 'losses/td': 0.5 },
  }),
  runSummary({
    id: 'b',
    name: 'PPO',
    project: 'my project',
    env_id: 'Pong-v5',
    config: { lr: 0.0003, seed: 1, algo: 'ppo' },
    summary: { episode_return: 20 },
    recorded: 12,
    checkpoints: 2,
  }),
  runSummary({
    id: 'c',
    name: '🐍 old',
    config: null,
    notes: 'forgot the seed',
    format: 'tfevents',
    title: 'The one that loops',
    given_tags: ['odd'],
    filmed: 1,
    checkpoints: null,
  }),
];

const ids = (query: string) =>
  RUNS.filter(readQuery(query).passes)
    .map((run) => run.id)
    .join('');

describe('readQuery', () => {
  it.each([
    ['', 'abc'],
    ['  pong ', 'ab'],
    ['pong dqn', 'a'],
    ['🐍', 'c'],
    ['env:pong', 'b'],
    ['state:running', 'a'],
    ['format:tfevents', 'c'],
    ['-state:running', 'bc'],
    ['tag:base', 'a'],
    ['project:"my project"', 'b'],
    ['"my project"', 'b'],
    ['forgot', 'c'],
    ['lr=0.001', 'a'],
    ['lr=1e-3', 'a'],
    ['config.lr<1e-3', 'b'],
    ['config.lr<=1e-3', 'ab'],
    ['width>=64', 'a'],
    ['net.width>64', ''],
    ['algo=PPO', 'b'],
    ['summary.episode_return>10', 'b'],
    ['td<1', 'a'],
    ['config.td<1', ''],
    ['-lr<1e-3', 'ac'],
    ['/^(dqn|ppo)/', 'ab'],
    ['/pong-v\\d$/', 'b'],
    ['/d q/ ppo', ''],
    ['nothing=1', ''],
    ['-', 'b'],
    ['loops', 'c'],
    ['name:loops tag:odd', 'c'],
    ['-tag:odd', 'ab'],
    ['has:recording', 'b'],
    ['has:film', 'c'],
    ['-has:film has:checkpoint', 'b'],
    ['recorded>9', 'b'],
    ['filmed>=1', 'c'],
    ['checkpoints<3', 'ab'],
    ['config.recorded>9', ''],
    ['film', ''],
  ])('%s', (query, expected) => {
    expect(ids(query)).toBe(expected);
  });

  it('tells of a pattern that is none, and lets all pass by it', () => {
    expect(readQuery('/(/').invalid).toMatch(/regular expression/i);
    expect(ids('/(/ ppo')).toBe('b');
    expect(readQuery('/a/').invalid).toBeNull();
  });
});

describe('parts', () => {
  it('keeps quoted parts together, and patterns with spaces', () => {
    expect(partsOf('a project:"x y" /b c/ "d')).toEqual(['a', 'project:x y', '/b c/', 'd']);
  });

  it('adds, replaces and takes away', () => {
    expect(togglePart('lr<1', 'state', 'running')).toBe('lr<1 state:running');
    expect(togglePart('state:running "a b"', 'state', 'crashed')).toBe('"a b" state:crashed');
    expect(togglePart('state:crashed', 'state', 'crashed')).toBe('');
    expect(togglePart('', 'project', 'my project')).toBe('project:"my project"');
    expect(hasPart('project:"My project" x', 'project', 'my project')).toBe(true);
    expect(hasPart('projects', 'project', 's')).toBe(false);
  });
});
