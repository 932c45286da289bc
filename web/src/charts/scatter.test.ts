import { describe, expect, it } from 'vitest';

import { rgbOf } from './ramp';
import { shadeDensity } from './scatter_density';
import { ScatterGrid } from './scatter_grid';
import { gapsOf, isInBox } from './scatter_points';
import { pixelFromValue, scaleOf, ticksOfScale, valueFromPixel, type ScatterAxis } from './scatter_scale';
import { orderAlong, scatterTwin } from './scatter_twin';

const PLAIN: ScatterAxis = { label: 'a', kind: 'number', log: false };
const LOG: ScatterAxis = { ...PLAIN, log: true };

describe('scatter scale', () => {
  it('puts every finite value between its ends, and infinities at them', () => {
    const values = [-21, 5, NaN, Infinity, 21];
    const scale = scaleOf(PLAIN, values, 200, 10);
    expect(pixelFromValue(scale, Infinity)).toBe(10);
    expect(pixelFromValue(scale, -Infinity)).toBe(200);
    expect(pixelFromValue(scale, NaN)).toBeNaN();
    for (const value of [-21, 5, 21]) {
      const pixel = pixelFromValue(scale, value);
      expect(pixel).toBeGreaterThan(10);
      expect(pixel).toBeLessThan(200);
      expect(valueFromPixel(scale, pixel)).toBeCloseTo(value, 9);
    }
  });

  it('has no place for zero and less on a logarithmic axis', () => {
    const scale = scaleOf(LOG, [-3, 0, 0.01, 1000], 0, 100);
    expect(pixelFromValue(scale, 0)).toBeNaN();
    expect(pixelFromValue(scale, -Infinity)).toBeNaN();
    expect(valueFromPixel(scale, pixelFromValue(scale, 10))).toBeCloseTo(10, 9);
    expect(ticksOfScale(LOG, scale, 10).map(({ label }) => label)).toContain('100');
    expect(scaleOf(LOG, [-1], 0, 100).low).toBeGreaterThan(0);
  });

  it('counts no half episodes and writes times as times', () => {
    const count = { ...PLAIN, kind: 'count' } as const;
    const ticks = ticksOfScale(count, scaleOf(count, [0, 2], 0, 500), 12);
    expect(ticks.map(({ value }) => value)).toEqual([0, 1, 2]);
    const span = { ...PLAIN, kind: 'span' } as const;
    const spans = ticksOfScale(span, { low: 0, high: 7200, log: false, from: 0, to: 100 }, 4);
    expect(spans.map(({ label }) => label)).toContain('1 h');
  });

  it('survives nothing, one value, and the largest doubles', () => {
    for (const values of [[], [NaN], [3], [-Number.MAX_VALUE, Number.MAX_VALUE]]) {
      const scale = scaleOf(PLAIN, values, 0, 100);
      const ticks = ticksOfScale(PLAIN, scale, 5);
      expect(ticks.length, String(values)).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThan(20);
    }
  });
});

describe('scatter grid', () => {
  it('finds what a look at every point finds', () => {
    // A generator that gives the same points everywhere.
    let state = 7;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const n = 3000;
    const x = Float32Array.from({ length: n }, (_, i) => (i % 97 === 0 ? NaN : random() * 420 - 10));
    const y = Float32Array.from({ length: n }, () => random() * 220 - 10);
    const grid = new ScatterGrid(x, y, 400, 200);
    for (let k = 0; k < 200; k++) {
      const [px, py] = [random() * 400, random() * 200];
      let [best, distance] = [null as number | null, 14 ** 2];
      for (let i = 0; i < n; i++) {
        const apart = (x[i] - px) ** 2 + (y[i] - py) ** 2;
        if (x[i] >= 0 && y[i] >= 0 && apart < distance) [best, distance] = [i, apart];
      }
      expect(grid.nearest(px, py, 14)).toBe(best);
    }
  });

  it('holds a million points', () => {
    const n = 1_000_000;
    const x = Float32Array.from({ length: n }, (_, i) => i % 1000);
    const y = Float32Array.from({ length: n }, (_, i) => Math.floor(i / 1000) % 300);
    const started = performance.now();
    const grid = new ScatterGrid(x, y, 1000, 300);
    expect(grid.nearest(500.2, 100.1, 14)).not.toBeNull();
    // Twenty times what a busy machine takes.
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('scatter points', () => {
  it('tells of what has no place', () => {
    const points = { x: [1, 2, NaN, 4, 5], y: [-1, Infinity, 3, NaN, 0], colours: ['#000000'] };
    expect(gapsOf(points, PLAIN, PLAIN)).toEqual({ missing: 2, notPositive: 0, infinite: 1 });
    expect(gapsOf(points, PLAIN, LOG)).toEqual({ missing: 2, notPositive: 2, infinite: 1 });
  });

  it('knows what lies in a stretch', () => {
    expect(isInBox({ x: [0, 2], y: null }, 2, NaN)).toBe(true);
    expect(isInBox({ x: [0, 2], y: [0, 1] }, 2, NaN)).toBe(false);
    expect(isInBox({ x: null, y: [0, Infinity] }, NaN, Infinity)).toBe(true);
  });

  it('shades by number, in the mean of colours', () => {
    const pixels = new Uint8ClampedArray(2 * 1 * 4);
    const x = Float32Array.from([0, 0, 0, 1, NaN, 9]);
    const y = new Float32Array(6);
    shadeDensity(pixels, 2, 1, x, y, (i) => rgbOf(i === 0 ? '#ff0000' : '#0000ff'));
    expect([...pixels.subarray(0, 4)]).toEqual([85, 0, 170, 255]);
    expect([...pixels.subarray(4)]).toEqual([0, 0, 255, 90]);
    expect(rgbOf('red')).toEqual([0, 0, 0]);
  });

  it('has a twin of words', () => {
    const points = { x: [3, 1, 2, NaN], y: [30, 10, NaN, 5], colours: ['#000000'] };
    expect([...orderAlong(points, PLAIN, PLAIN)]).toEqual([1, 0]);
    const trend = { label: 'line', x: [1, 3], y: [11, 31], colour: '#000000' };
    const twin = scatterTwin(points, [trend], PLAIN, PLAIN, 10);
    expect(twin.axes[1]).toMatchObject({ points: 3, min: '5', max: '30' });
    expect(twin.samples).toEqual([
      { index: 1, trends: [11] },
      { index: 0, trends: [31] },
    ]);
  });
});
