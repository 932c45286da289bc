import { describe, expect, it } from 'vitest';

import { SPEC_USUAL } from '../../../features/feature_spec';
import { outputsOf, parseLayer, patchOfLayer, type LayerSpec } from './layer_spec';

const read = (patch: Record<string, string | null>) => parseLayer((name) => patch[name] ?? null);

describe('the layer of features in the address', () => {
  it('is off where the address says nothing, and takes everything with it when it goes', () => {
    const off = read({});
    expect(off).toMatchObject({ on: false, what: SPEC_USUAL, outputs: [], side: 'absolute', gain: 1 });
    const on = patchOfLayer({ on: true, residual: true, gain: 2, outputs: ['value'] }, off);
    expect(Object.values(patchOfLayer({ on: false }, read(on))).every((text) => text === null)).toBe(true);
  });
  it('comes back as it was written', () => {
    const spec: LayerSpec = {
      on: true,
      what: { layer: 'a', checkpoint: 5, of: 'value', factors: 4, steps: 64, episodes: null },
      outputs: ['value', '0+2', 'group:left-group:right'],
      side: 'negative',
      split: true,
      bare: true,
      residual: true,
      smooth: true,
      gain: 0.5,
      totals: true,
    };
    expect(read(patchOfLayer({}, spec))).toEqual(spec);
  });
  it('has one row at least: that of what was taken apart', () => {
    const { what } = read({ features: 'of=value' });
    expect(outputsOf({ outputs: [], what })).toEqual(['value']);
    expect(outputsOf({ outputs: ['a', 'b'], what })).toEqual(['a', 'b']);
    expect(read({ outputs: 'a;b;c;d;e;f;g;h' }).outputs).toHaveLength(6);
    expect(read({ gain: '3', side: 'up' })).toMatchObject({ gain: 1, side: 'absolute' });
  });
});
