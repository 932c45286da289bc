import { describe, expect, it } from 'vitest';

import { parseLook, patchOfLook, patchOfPreset, presetOf, PRESETS, viewOfLook } from './look_spec';
import { keyOf, parseWhy, patchOfWhy, questionOf, targetTitle, withRow, type WhySpec } from './why_spec';

const reader = (address: Record<string, string>) => (name: string) => address[name] ?? null;
const of = (address: Record<string, string>) => parseWhy(reader(address));
const written = (patch: Record<string, string | null>) =>
  Object.fromEntries(Object.entries(patch).filter((pair): pair is [string, string] => pair[1] !== null));

it('is off unless the address says otherwise, and odd numbers give the default', () => {
  expect(of({}).on).toBe(false);
  expect(of({ why: '' })).toMatchObject({
    on: true,
    method: 'saliency',
    target: 'action',
    params: {},
    also: [],
  });
  expect(of({ why: 'occlusion', checkpoint: 'x', ask: 'steps,:3,,' })).toMatchObject({
    method: 'occlusion',
    checkpoint: null,
    params: {},
  });
});

it('comes back from the address as it was written', () => {
  const spec: WhySpec = {
    on: true,
    method: 'perturbation',
    target: '3-1',
    checkpoint: 80,
    layer: 'val_6',
    of: 'probability',
    params: { radius: '3', mode: 'searchlight' },
    also: [{ target: 'value' }, { method: 'occlusion', checkpoint: null, params: { window: '4' } }, {}],
    totals: true,
  };
  expect(of(written(patchOfWhy(spec, of({}))))).toEqual(spec);
  expect(Object.values(patchOfWhy({ on: false }, spec)).every((value) => value === null)).toBe(true);
});

it('forgets the parameters of a method when another takes its place', () => {
  const spec = of({ why: 'integrated_gradients', ask: 'steps:100' });
  expect(patchOfWhy({ method: 'saliency' }, spec).ask).toBeNull();
  expect(patchOfWhy({ target: 'value' }, spec).ask).toBe('steps:100');
});

describe('U-17: rows', () => {
  const spec = of({ why: 'integrated_gradients', ask: 'steps:20', also: 'target=value;method=occlusion' });

  it('are the first question and what differs from it', () => {
    expect(questionOf(spec, 0)).toMatchObject({ target: 'action', params: { steps: '20' } });
    expect(questionOf(spec, 1)).toMatchObject({
      method: 'integrated_gradients',
      target: 'value',
      params: { steps: '20' },
    });
    expect(questionOf(spec, 2)).toMatchObject({ method: 'occlusion', target: 'action', params: {} });
    expect(keyOf(questionOf(spec, 1))).not.toBe(keyOf(questionOf(spec, 0)));
  });

  it('say only what differs after one was changed', () => {
    const changed = withRow(spec, 1, { ...questionOf(spec, 1), target: 'action', checkpoint: 40 });
    expect(changed.also).toEqual([{ checkpoint: 40 }, { method: 'occlusion' }]);
    expect(withRow(spec, 0, { ...questionOf(spec, 0), target: '2' })).toMatchObject({ target: '2' });
  });
});

it('says in words what is explained', () => {
  const name = (index: number) => ['NOOP', 'LEFT', 'RIGHT'][index]!;
  expect(targetTitle('2', name)).toBe('RIGHT');
  expect(targetTitle('2-1', name)).toBe('RIGHT, not LEFT');
  expect(targetTitle('action', name)).toBe('action taken');
  expect(targetTitle('value', name)).toBe('value');
});

describe('the look', () => {
  it('comes back from the address as it was written, and odd words give the default', () => {
    const look = parseLook(
      reader({ blend: 'grey', colours: 'viridis', sign: 'negative', outliers: '0', smooth: '1' }),
    );
    expect(look).toMatchObject({
      blend: 'grey',
      colours: 'viridis',
      sign: 'negative',
      outliers: 0,
      smooth: true,
    });
    expect(parseLook(reader(written(patchOfLook({}, look))))).toEqual(look);
    expect(parseLook(reader({ blend: 'neon', opacity: '7', outliers: '-1' }))).toEqual(parseLook(reader({})));
  });

  it.each(Object.keys(PRESETS))('is a preset by its name: %s', (name) => {
    expect(presetOf(parseLook(reader(written(patchOfPreset(name)))))).toBe(name);
  });

  it('has no sign where it is added to a channel, and a plane of its own only when asked', () => {
    const look = parseLook(reader({ blend: 'heads' }));
    expect(viewOfLook(look, 2)).toMatchObject({ sign: 'absolute', plane: 'sum' });
    expect(viewOfLook({ ...look, each: true }, 2).plane).toBe(2);
    expect(viewOfLook({ ...look, each: true }, null).plane).toBe('sum');
  });
});
