import { expect, it } from 'vitest';

import { askedOf, attributedText, parseAttributed } from './attributed';

const read = (params: Record<string, string>) => parseAttributed((name) => params[name] ?? null);

it('takes method and settings of Why, unless it has some of its own', () => {
  expect(read({})).toEqual({ on: false, isOwn: false, method: 'saliency', params: {} });
  expect(read({ why: 'integrated_gradients', ask: 'steps:100', attributed: '' })).toEqual({
    on: true,
    isOwn: false,
    method: 'integrated_gradients',
    params: { steps: '100' },
  });
  expect(read({ why: 'saliency', ask: 'x:1', attributed: 'occlusion,window:4' })).toEqual({
    on: true,
    isOwn: true,
    method: 'occlusion',
    params: { window: '4' },
  });
});

it('comes back from the address as it was written', () => {
  const own = { method: 'integrated_gradients', params: { steps: '100', baseline: 'blur' } };
  expect(attributedText(own)).toBe('integrated_gradients,baseline:blur,steps:100');
  expect(read({ attributed: attributedText(own) })).toMatchObject(own);
  expect(attributedText(null)).toBe('');
});

it('asks without settings where all are as usual', () => {
  expect(askedOf(read({ attributed: 'occlusion' }), 'greedy')).toEqual({
    method: 'occlusion',
    target: 'greedy',
  });
  expect(askedOf(read({ attributed: 'occlusion,window:4' }), '2')).toEqual({
    method: 'occlusion',
    target: '2',
    settings: { window: '4' },
  });
});
