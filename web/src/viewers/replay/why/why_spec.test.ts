import { expect, it } from 'vitest';

import { parseWhy, patchOfWhy, targetTitle } from './why_spec';

const of = (address: Record<string, string>) => parseWhy((name) => address[name] ?? null);

it('is off unless the address says otherwise, and odd numbers give the default', () => {
  expect(of({}).on).toBe(false);
  expect(of({ why: '' })).toMatchObject({ on: true, method: 'saliency', target: 'action', opacity: 0.8 });
  expect(of({ why: 'occlusion', opacity: '7', checkpoint: 'x' })).toMatchObject({
    method: 'occlusion',
    opacity: 0.8,
    checkpoint: null,
  });
});

it('comes back from the address as it was written', () => {
  const spec = {
    on: true,
    method: 'perturbation',
    target: '3-1',
    checkpoint: 80,
    layer: 'val_6',
    opacity: 0.5,
  };
  const patch = patchOfWhy(spec, of({}));
  const address = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
  expect(of(address as Record<string, string>)).toEqual(spec);
  expect(Object.values(patchOfWhy({ on: false }, spec)).every((value) => value === null)).toBe(true);
});

it('says in words what is explained', () => {
  const name = (index: number) => ['NOOP', 'LEFT', 'RIGHT'][index];
  expect(targetTitle('2', name)).toBe('RIGHT');
  expect(targetTitle('2-1', name)).toBe('RIGHT, not LEFT');
  expect(targetTitle('action', name)).toBe('action taken');
});
