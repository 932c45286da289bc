import { describe, expect, it } from 'vitest';

import type { EnvSpec, FieldEntry, Space } from '../../api/wire';
import {
  actionName,
  boundsOf,
  defaultTracks,
  elementName,
  indexText,
  rolesOf,
  startOf,
  trackChoices,
} from './roles';

function field(name: string, shape: number[] = [], rest: Partial<FieldEntry> = {}): FieldEntry {
  return {
    name,
    axis: 'step',
    dtype: 'float32',
    shape,
    image: false,
    stack_axis: null,
    origin: 'logged',
    doc: '',
    ...rest,
  };
}

function env(action_space: Space | null, rest: Partial<EnvSpec> = {}): EnvSpec {
  return {
    id: 'Env-v0',
    observation_space: null,
    action_space,
    action_meanings: [],
    action_glyphs: [],
    action_groups: [],
    observation_names: [],
    observation_units: [],
    fps: null,
    reward_range: null,
    num_envs: 1,
    agents: [],
    ...rest,
  };
}

const discrete: Space = { type: 'discrete', n: 3, start: 2, dtype: 'int64' };
const box = (shape: number[], low: (number | null)[], high: (number | null)[]): Space => ({
  type: 'box',
  shape,
  dtype: 'float32',
  low,
  high,
});

describe('R-4: what the fields are good for', () => {
  it('of discrete actions: probabilities and values of each choice', () => {
    const fields = [
      field('q_values', [3]),
      field('action', [], { dtype: 'int64' }),
      field('action_probabilities', [3]),
    ];
    const roles = rolesOf(fields, env(discrete));
    expect(roles.policies.map(({ kind, count }) => [kind, count])).toEqual([
      ['probabilities', 3],
      ['q_values', 3],
    ]);
    expect(roles.hasDiscreteAction).toBe(true);
  });

  it('of continuous, multi-discrete and binary actions: the parts of the action', () => {
    for (const space of [
      box([2], [-1], [1]),
      { type: 'multi_discrete', nvec: [3, 5], shape: [2], dtype: 'int64' },
      { type: 'multi_binary', shape: [2] },
    ] as Space[]) {
      const roles = rolesOf([field('action', [2])], env(space));
      expect(roles.policies).toEqual([
        { kind: 'action', field: 'action', title: 'Action', count: 2, action: 'action' },
      ]);
      expect(roles.hasDiscreteAction).toBe(false);
    }
  });

  it('of one continuous action of no shape: a bar, not a choice', () => {
    const roles = rolesOf([field('action')], env(box([], [-2], [2])));
    expect([roles.policies.length, roles.hasDiscreteAction]).toEqual([1, false]);
  });

  it('of nested observations and actions: each leaf', () => {
    const fields = [
      field('info/ram', [128]),
      field('observation/camera', [64, 64, 3], { image: true, dtype: 'uint8' }),
      field('observation/joints', [7]),
      field('action/arm', [2]),
      field('action/grip'),
    ];
    const roles = rolesOf(
      fields,
      env({
        type: 'dict',
        spaces: [
          ['arm', box([2], [-1], [1])],
          ['grip', discrete],
        ],
      }),
    );
    expect(roles.images.map(({ name }) => name)).toEqual(['observation/camera']);
    expect(roles.vectors[0].name).toBe('observation/joints');
    expect(roles.policies.map(({ field }) => field)).toEqual(['action/arm', 'action/grip']);
  });

  it('logits stand in only where probabilities cannot be had', () => {
    const kinds = (names: string[]) =>
      rolesOf(
        names.map((name) => field(name, [4])),
        null,
      ).policies.map(({ kind }) => kind);
    expect(kinds(['logits'])).toEqual(['logits']);
    expect(kinds(['logits', 'action_probabilities'])).toEqual(['probabilities']);
  });

  it('curves: the common ones, the rest to choose from, texts and marks left out', () => {
    const roles = rolesOf(
      [
        field('zeta'),
        field('value'),
        field('reward'),
        field('terminated', [], { dtype: 'bool' }),
        field('note', [], { dtype: null }),
      ],
      null,
    );
    expect(defaultTracks(roles)).toEqual(['reward', 'value']);
    expect(trackChoices(roles).map(({ name }) => name)).toEqual(['reward', 'value', 'zeta']);
  });
});

describe('names', () => {
  it('of actions count from the first action id', () => {
    expect(startOf(env(discrete))).toBe(2);
    expect(actionName(env(discrete), 1)).toBe('action 3');
    expect(actionName(env(discrete, { action_meanings: ['up', 'down'] }), 1)).toBe('down');
  });

  it('of elements come from the environment, or from their index', () => {
    const spec = env(null, { observation_names: ['angle'], observation_units: ['rad'] });
    expect(elementName(field('observation', [2]), 0, spec)).toEqual({ name: 'angle', unit: 'rad' });
    expect(elementName(field('observation', [2]), 1, spec)).toEqual({ name: '[1]', unit: '' });
    expect(indexText([2, 4], 7)).toBe('1, 3');
  });
});

describe('bounds', () => {
  const nested: Space = {
    type: 'dict',
    spaces: [
      ['a/b', box([2], [0, -1], [1, 1])],
      [
        't',
        {
          type: 'tuple',
          spaces: [discrete, { type: 'multi_discrete', nvec: [4], shape: [1], dtype: 'int64' }],
        },
      ],
    ],
  };

  it.each<[string, Space, string, number, [number, number] | null]>([
    ['one bound for all', box([3], [-2], [2]), 'observation', 2, [-2, 2]],
    ['one an element', box([2], [0, -1], [1, 5]), 'observation', 1, [-1, 5]],
    ['no bound', box([1], [null], [1]), 'observation', 0, null],
    ['the largest number of the type', box([1], [-3.4e38], [3.4e38]), 'observation', 0, null],
    ['a part of a dict', nested, 'observation/a%2Fb', 1, [-1, 1]],
    ['a part of a tuple', nested, 'observation/t/1', 0, [0, 3]],
    ['a part that does not exist', nested, 'observation/x', 0, null],
    ['bits', { type: 'multi_binary', shape: [4] }, 'observation', 3, [0, 1]],
  ])('%s', (_, space, leaf, index, expected) => expect(boundsOf(space, leaf, index)).toEqual(expected));
});
