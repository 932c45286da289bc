import { expect, it } from 'vitest';

import { NO_SMOOTHING } from '../../charts/smoothing';
import {
  flagsOf,
  formatSpec,
  parseSpec,
  SMOOTHING_DEFAULT,
  toggled,
  withFlags,
  type TrainingSpec,
} from './spec';

const DEFAULT: TrainingSpec = {
  filter: '',
  smoothing: SMOOTHING_DEFAULT,
  x: 'step',
  xLog: false,
  outliers: 0,
  group: null,
  zoom: null,
  hidden: [],
  log: [],
  y: new Map(),
  wide: [],
  pinned: [],
  closed: [],
  columns: null,
};
const parse = (params: Record<string, string | null>) => parseSpec((name) => params[name] ?? null);

it('leaves defaults out of the address', () => {
  expect(Object.values(formatSpec(DEFAULT)).every((value) => value === null)).toBe(true);
  expect(parse({})).toEqual(DEFAULT);
});

it.each<Partial<TrainingSpec>>([
  { filter: '^loss(es)?/' },
  { group: 'name' },
  { group: 'none' },
  { group: 'config:optimiser.lr' },
  { smoothing: NO_SMOOTHING },
  { smoothing: { kind: 'ema', weight: 0.95 }, x: 'relative' },
  { smoothing: { kind: 'rolling', points: 100 }, x: 'episode', xLog: true },
  { outliers: 2.5, columns: 2, pinned: ['losses/td', 'time/sps'] },
  { zoom: { domain: 'global_step', range: [-5, 1_200_000] } },
  { zoom: { domain: 'relative', range: [0.25, 1.5] } },
  { zoom: { domain: 'time', range: [1_763_709_112, 1_763_709_999] } },
  { zoom: { domain: 'time', range: [1_763_709_112.25, 1_763_709_112.75] } },
  { log: ['losses/td', 'a'], wide: ['b'], closed: ['time'], hidden: ['group:a, b', '100%'] },
  {
    y: new Map([
      ['losses/td', [0, 0.25]],
      ['episode:a,b:c', [-3, 1e6]],
    ]),
  },
])('reads back %j', (over) => {
  const spec = { ...DEFAULT, ...over };
  expect(parse(formatSpec(spec))).toEqual(spec);
});

it.each<[Record<string, string>, Partial<TrainingSpec>]>([
  [{ smooth: 'x' }, {}],
  [{ smooth: '9' }, { smoothing: { kind: 'ema', weight: 0.999 } }],
  [{ smooth: '-1' }, { smoothing: NO_SMOOTHING }],
  [{ smooth: 'mean:0' }, { smoothing: NO_SMOOTHING }],
  [{ x: 'y' }, {}],
  [{ group: 'config:' }, { group: 'none' }],
  [{ zoom: 'global_step:5..1' }, {}],
  [{ zoom: 'moon:1..2' }, {}],
  [{ zoom: 'time:..' }, {}],
  [{ outliers: '99', columns: '7' }, { outliers: 25 }],
  [{ y: 'a:1..x,:0..1,b' }, {}],
])('takes odd addresses for something sensible: %j', (params, over) => {
  expect(parse({ ...params })).toEqual({ ...DEFAULT, ...over });
});

it('toggles', () => expect([toggled(['a'], 'b'), toggled(['a', 'b'], 'a')]).toEqual([['a', 'b'], ['b']]));

it('keeps what is particular to one chart', () => {
  const spec = { ...DEFAULT, log: ['a'] };
  expect(flagsOf(spec, 'a')).toEqual({ log: true, y: null });
  const changed = { ...spec, ...withFlags(spec, 'a', { log: false, y: [0, 1] }) };
  expect(flagsOf(changed, 'a')).toEqual({ log: false, y: [0, 1] });
  expect(flagsOf({ ...changed, ...withFlags(changed, 'a', { log: true, y: null }) }, 'a')).toEqual({
    log: true,
    y: null,
  });
});
