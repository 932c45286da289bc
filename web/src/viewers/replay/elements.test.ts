import { describe, expect, it } from 'vitest';

import type { EnvSpec, FieldEntry, Space } from '../../api/wire';
import { choiceText, elementsIn, orderOf } from './elements';

function field(name: string, shape: number[] = [], dtype: FieldEntry['dtype'] = 'float32'): FieldEntry {
  return { name, axis: 'step', dtype, shape, image: false, stack_axis: null, origin: 'logged', doc: '' };
}

function env(observation_space: Space, rest: Partial<EnvSpec> = {}): EnvSpec {
  return {
    id: 'Env-v0',
    observation_space,
    action_space: null,
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

describe('elements of an observation', () => {
  it('have names, units and bounds, infinite ones too', () => {
    const space: Space = {
      type: 'box',
      shape: [2],
      dtype: 'float32',
      low: [-4.8, null],
      high: [4.8, 3.4e38],
    };
    const spec = env(space, { observation_names: ['position'], observation_units: ['m'] });
    const [position, velocity] = elementsIn([field('observation', [2])], spec);
    expect(position).toMatchObject({ name: 'position', unit: 'm', bounds: [-4.8, 4.8], kind: 'number' });
    expect(velocity).toMatchObject({ name: '[1]', unit: '', bounds: [-Infinity, Infinity] });
  });

  it('of a nested one are called by their paths', () => {
    const space: Space = {
      type: 'dict',
      spaces: [
        ['arm/left', { type: 'box', shape: [2], dtype: 'float32', low: [0], high: [1] }],
        ['gear', { type: 'discrete', n: 3, start: 1, dtype: 'int64' }],
        ['lamps', { type: 'multi_binary', shape: [2] }],
        ['said', { type: 'text', max_length: 9 }],
      ],
    };
    const fields = [
      field('observation/arm%2Fleft', [2]),
      field('observation/gear', [], 'int64'),
      field('observation/lamps', [2], 'int8'),
      field('observation/said', [], null),
    ];
    const found = elementsIn(fields, env(space)).map(({ name, kind, bounds }) => [name, kind, bounds]);
    expect(found).toEqual([
      ['arm/left [0]', 'number', [0, 1]],
      ['arm/left [1]', 'number', [0, 1]],
      ['gear', 'choice', [1, 3]],
      ['lamps [0]', 'switch', [0, 1]],
      ['lamps [1]', 'switch', [0, 1]],
      ['said', 'text', null],
    ]);
  });

  it('of a discrete one are named states', () => {
    const spec = env(
      { type: 'discrete', n: 2, start: 5, dtype: 'int64' },
      { observation_names: ['indoors', 'outdoors'] },
    );
    const [state] = elementsIn([field('observation', [], 'int64')], spec);
    expect([state.name, choiceText(state, 6), choiceText(state, 9)]).toEqual([
      'observation',
      'outdoors',
      '9',
    ]);
  });
});

describe('order and filter', () => {
  const elements = elementsIn([field('x', [12])], null);
  const values = [3, NaN, 7, 1, 0, 0, 0, 0, 0, 0, 5, 0];
  const order = (filter: string, by: Parameters<typeof orderOf>[2]) =>
    orderOf(
      elements,
      filter,
      by,
      ({ index }) => values[index],
      ({ index }) => -values[index],
    );

  it.each<[string, string, Parameters<typeof orderOf>[2], number[]]>([
    ['as given', '', 'given', [0, 1, 2]],
    ['by name, numbers in names as numbers', '', 'name', [0, 1, 2]],
    ['by value, the largest first', '', 'value', [2, 10, 0]],
    ['by the size of the change', '', 'change', [2, 10, 0]],
    ['those that fit', '[1', 'given', [1, 10, 11]],
  ])('%s', (_, filter, by, first) => expect(order(filter, by).slice(0, 3)).toEqual(first));

  it('what is no number comes last', () => expect(order('', 'value').at(-1)).toBe(1));
});
