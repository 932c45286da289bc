import { expect, it } from 'vitest';

import { formatSpec, parseSpec, SMOOTHING_DEFAULT, toggled, type TrainingSpec } from './spec';

const DEFAULT: TrainingSpec = {
  filter: '',
  smoothing: SMOOTHING_DEFAULT,
  x: 'step',
  group: 'none',
  zoom: null,
  log: [],
  wide: [],
  closed: [],
};
const parse = (params: Record<string, string | null>) => parseSpec((name) => params[name] ?? null);

it('leaves defaults out of the address', () => {
  expect(Object.values(formatSpec(DEFAULT)).every((value) => value === null)).toBe(true);
  expect(parse({})).toEqual(DEFAULT);
});

it.each<Partial<TrainingSpec>>([
  { filter: '^loss(es)?/' },
  { group: 'name' },
  { group: 'config:optimiser.lr' },
  { smoothing: 0 },
  { smoothing: 0.95, x: 'relative' },
  { zoom: { domain: 'global_step', range: [-5, 1_200_000] } },
  { zoom: { domain: 'relative', range: [0.25, 1.5] } },
  { zoom: { domain: 'time', range: [1_763_709_112, 1_763_709_999] } },
  { log: ['losses/td', 'a'], wide: ['b'], closed: ['time'] },
])('reads back %j', (over) => {
  const spec = { ...DEFAULT, ...over };
  expect(parse(formatSpec(spec))).toEqual(spec);
});

it.each<Record<string, string>>([
  { smooth: 'x' },
  { smooth: '9' },
  { x: 'y' },
  { group: 'config:' },
  { zoom: 'global_step:5..1' },
  { zoom: 'moon:1..2' },
  { zoom: 'time:..' },
])('takes odd addresses for something sensible: %j', (params) => {
  const spec = parse({ ...params });
  expect(spec).toEqual({
    ...DEFAULT,
    smoothing: params.smooth === '9' ? 0.99 : SMOOTHING_DEFAULT,
  });
});

it('toggles', () => expect([toggled(['a'], 'b'), toggled(['a', 'b'], 'a')]).toEqual([['a', 'b'], ['b']]));
