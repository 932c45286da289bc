import { describe, expect, it } from 'vitest';

import type { FeatureMaps, Features } from '../api/features';
import { changeFeatureLabel, NO_NOTES } from '../state/notes_edit';
import { strongestChannels } from './channels';
import { coloursOf, labelOf, nameOfFeature, relabelled } from './feature_labels';
import { FeatureMapSource, stepOf } from './feature_map_source';
import {
  featuresOfText,
  parseFeatures,
  patchOfFeatures,
  queryOfFeatures,
  SPEC_USUAL,
  textOfFeatures,
} from './feature_spec';
import { largestEntries } from './state_values';

describe('the question in the address', () => {
  const param = (text: string) => (name: string) => new URLSearchParams(text).get(name);
  it('is the usual one where the address says nothing, or nothing that makes sense', () => {
    expect(parseFeatures(param(''))).toEqual(SPEC_USUAL);
    expect(parseFeatures(param('k=0&steps=1e9&checkpoint=-1&of='))).toEqual(SPEC_USUAL);
    expect(parseFeatures(param('k=65')).factors).toBe(8);
  });
  it('comes back as it was written', () => {
    const spec = {
      layer: 'conv 3/a',
      checkpoint: 80_000_000,
      of: '2-3',
      factors: 12,
      steps: 4096,
      episodes: [0, 1, 2, 7],
    };
    expect(featuresOfText(textOfFeatures(spec))).toEqual(spec);
    expect(textOfFeatures(spec)).toContain('episodes=0-2%2C7');
    expect(textOfFeatures(SPEC_USUAL)).toBe('');
    expect(patchOfFeatures({ factors: 8 }, spec).k).toBeNull();
    expect(queryOfFeatures(spec)).toEqual({ ...spec });
    expect(queryOfFeatures({ ...spec, episodes: null })).not.toHaveProperty('episodes');
    expect(queryOfFeatures(SPEC_USUAL)).toBeNull();
  });
});

const FEATURES = {
  layer: 'conv',
  of: 'activations',
  checkpoint: { global_step: 80, name: '80M' },
  factors: [{ colour: '#ff0000' }, { colour: '#00ffff' }],
} as unknown as Features;

describe('labels', () => {
  it('U-25: a name, a colour and a note are of one feature of one question, and can be taken back', () => {
    const label = relabelled(FEATURES, 1, null, {
      name: '  the   ball ',
      colour: '#123456',
      note: 'bounces\n',
    })!;
    expect(label).toEqual({
      layer: 'conv',
      checkpoint: 80,
      of: 'activations',
      factors: 2,
      index: 1,
      name: 'the ball',
      colour: '#123456',
      note: 'bounces',
    });
    const change = changeFeatureLabel(null, label);
    const notes = change.apply(NO_NOTES);
    expect(labelOf(notes, FEATURES, 1)).toEqual(label);
    expect(labelOf(notes, FEATURES, 0)).toBeNull();
    expect(labelOf(notes, { ...FEATURES, of: 'value' }, 1)).toBeNull();
    expect(coloursOf(notes, FEATURES)).toEqual(['#ff0000', '#123456']);
    expect(nameOfFeature(label, 1)).toBe('the ball');
    expect(nameOfFeature(null, 1)).toBe('feature 1');
    expect(change.revert(notes).features).toEqual([]);
    // Another's label that came in between stays.
    const other = relabelled(FEATURES, 0, null, { name: 'paddle' })!;
    const both = changeFeatureLabel(null, other).apply(notes);
    expect(change.revert(both).features).toEqual([other]);
  });
  it('are gone when nothing is left to say, and the usual colour is not said', () => {
    const label = relabelled(FEATURES, 0, null, { name: 'x', colour: '#ff0000' })!;
    expect(label.colour).toBeUndefined();
    expect(relabelled(FEATURES, 0, label, { name: ' ' })).toBeNull();
    expect(changeFeatureLabel(label, null).doc).toContain('deleted');
  });
});

describe('channels and entries', () => {
  it('are the largest, with their part of the whole', () => {
    const features = { directions: Float32Array.of(9, 9, 9, 1, 0, 3), factors: [{}, {}], shape: [3, 2, 2] };
    expect(strongestChannels(features as unknown as Features, 1)).toEqual([
      { channel: 2, share: 0.75 },
      { channel: 0, share: 0.25 },
    ]);
    expect(largestEntries([0.1, -5, NaN, 2, 0], 2)).toEqual([1, 3]);
  });
});

/** Two factors of 1 × 2 cells; the first map of step `s` is [s, 0]. */
function mapsOf(from: number, to: number): FeatureMaps {
  const steps = to - from;
  const maps = new Float32Array(steps * 4);
  const totals = new Float32Array(steps * 2);
  for (let row = 0; row < steps; row += 1) maps[4 * row] = totals[2 * row] = from + row;
  return {
    first: from,
    steps,
    factors: 2,
    rows: 1,
    columns: 2,
    maps,
    totals,
    residual: new Float32Array(steps * 2).fill(0.5),
    residualTotal: new Float32Array(steps).fill(1),
    valid: Uint8Array.from({ length: steps }, (_, row) => (from + row === 3 ? 0 : 1)),
  };
}

describe('maps around the playhead', () => {
  it('come in blocks, the one in view first, then what lies ahead; what was left behind is cancelled', async () => {
    const asked: [number, number, AbortSignal][] = [];
    const open: (() => void)[] = [];
    let arrivals = 0;
    const source = new FeatureMapSource(
      100,
      (from, to, signal) => {
        asked.push([from, to, signal]);
        return new Promise((resolve) => open.push(() => resolve(mapsOf(from, to))));
      },
      () => (arrivals += 1),
    );
    source.want(2, 1);
    expect(asked.map(([from, to]) => [from, to])).toEqual([
      [0, 16],
      [16, 32],
    ]);
    expect(source.get(2)).toBeUndefined();
    open[0]!();
    await expect.poll(() => arrivals).toBe(1);
    expect([...source.get(2)!.maps]).toEqual([2, 0, 0, 0]);
    expect(source.get(3)).toBeNull();
    // The median of the largest of each step that has an answer: 0, 1, 2, 4 … 15.
    expect(source.reach).toBe(8);
    expect(source.totalMost).toBe(15);
    source.want(99, -1);
    expect(asked[1]![2].aborted).toBe(true);
    expect(asked.slice(2).map(([from, to]) => [from, to])).toEqual([
      [96, 100],
      [80, 96],
    ]);
  });
  it('have no row beyond what came', () => {
    expect(stepOf(mapsOf(0, 4), 4)).toBeNull();
    expect(stepOf(mapsOf(0, 4), 1)!.residualTotal).toBe(1);
  });
});
