import { describe, expect, it } from 'vitest';

import type { EnvSpec, FieldEntry, Space } from '../../../api/wire';
import { bestOf, choicesOf, lanesOf, TOP } from './choices';
import { policiesOf } from './policies';

function env(action_space: Space, rest: Partial<EnvSpec> = {}): EnvSpec {
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

const colour = () => 'red';

describe('choices', () => {
  it('of a discrete action count from its first', () => {
    const choices = choicesOf(env({ type: 'discrete', n: 3, start: 2, dtype: 'int64' }), 'action', 3);
    expect(choices.names).toEqual(['action 2', 'action 3', 'action 4']);
    expect([...choices.taken([3])]).toEqual([1]);
    expect([...choices.taken([9]), ...choices.taken(null), ...choices.taken([NaN])]).toEqual([]);
  });

  it('of several are groups, one taken and one best in each', () => {
    const space: Space = { type: 'multi_discrete', nvec: [3, 2], shape: [2], dtype: 'int64' };
    const choices = choicesOf(env(space), 'action', 5);
    expect(choices.names).toEqual(['0', '1', '2', '0', '1']);
    expect([...choices.taken([2, 0])]).toEqual([2, 3]);
    expect([...bestOf(choices.groups, [0, 5, 1, 2, 9])]).toEqual([1, 4]);
    expect(lanesOf(choices, colour, null).map(({ index, label }) => [index, label])).toEqual([
      [-1, 'choice 0'],
      [0, '0'],
      [1, '1'],
      [2, '2'],
      [-1, 'choice 1'],
      [3, '0'],
      [4, '1'],
    ]);
  });

  it('of switches are all that are on', () => {
    const choices = choicesOf(env({ type: 'multi_binary', shape: [3] }), 'action', 3);
    expect([...choices.taken([1, 0, 1])]).toEqual([0, 2]);
  });

  it('of a part of a nested action are those of its space', () => {
    const nested: Space = {
      type: 'dict',
      spaces: [['grip', { type: 'discrete', n: 2, start: 1, dtype: 'int64' }]],
    };
    expect(choicesOf(env(nested), 'action/grip', 2).names).toEqual(['action 1', 'action 2']);
  });

  it('of a thousand: the largest, and the one taken although it is the smallest; NaN last', () => {
    const choices = choicesOf(null, 'action', 1000);
    const values = Array.from({ length: 1000 }, (_, i) => (i === 999 ? NaN : i));
    const lanes = lanesOf(choices, colour, { values, taken: new Set([3]) });
    expect(lanes.length).toBe(TOP);
    expect([lanes[0].index, lanes.at(-1)?.index]).toEqual([998, 3]);
  });

  it('of one action', () => expect(lanesOf(choicesOf(null, 'action', 1), colour, null).length).toBe(1));
});

describe('what of an episode can be drawn', () => {
  const field = (name: string, shape: number[]): FieldEntry => ({
    name,
    axis: 'step',
    dtype: 'float32',
    shape,
    image: false,
    stack_axis: null,
    origin: 'logged',
    doc: '',
  });
  const offered = (...fields: [string, number[]][]) =>
    policiesOf(
      fields.map(([name, shape]) => field(name, shape)),
      true,
    ).map(({ kind, field: of, count, action }) => [kind, of, count, action]);

  it('distributions and heads have a lane an action, wherever the actions lie', () => {
    expect(
      offered(['quantiles', [25, 3]], ['atom_probabilities', [4, 51]], ['q_heads', [9, 2]], ['q_mean', [3]]),
    ).toEqual([
      ['q_values', 'q_mean', 3, 'action'],
      ['distribution', 'quantiles', 3, 'action'],
      ['heads', 'q_heads', 2, 'action'],
    ]);
  });

  it('parts of a nested action have policies of their own', () => {
    expect(offered(['logits/grip', [2]], ['action_mean/arm', [7]])).toEqual([
      ['logits', 'logits/grip', 2, 'action/grip'],
      ['gaussian', 'action_mean/arm', 7, 'action/arm'],
    ]);
  });

  it('numbers of another shape than expected are not drawn as something else', () => {
    expect(offered(['quantiles', [25]], ['q_heads', [9]])).toEqual([]);
  });
});
