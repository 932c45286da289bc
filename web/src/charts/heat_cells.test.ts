import { describe, expect, it } from 'vitest';

import { heatLayout } from './heat_grid';
import { overlayCells, sideBySide, stepReach, type HeatView } from './heat_cells';
import { heatIndex, paintHeads, paintHeat } from './heat_colours';

const VIEW: HeatView = { sign: 'both', outliers: 0, smooth: false, plane: 'sum' };
const numbers = (values: number[], shape: number[], wrtShape = shape, scale = 0.5) => ({
  values: Int8Array.from(values),
  scale,
  shape,
  wrtShape,
});

describe('overlayCells', () => {
  const stack = numbers([1, 2, 3, 4, 1, -4, 0, 0], [2, 2, 2]);

  it('sums planes and scales to the strongest, whose number it tells', () => {
    const cells = overlayCells(stack, VIEW)!;
    expect([...cells.values]).toEqual([0.5, -0.5, 0.75, 1]);
    expect(cells.reach).toBe(2);
    expect(stepReach(stack, VIEW)).toBe(2);
  });

  it('R-11: shows one picture of a stack by itself', () => {
    const cells = overlayCells(stack, { ...VIEW, plane: 1 })!;
    expect([...cells.values]).toEqual([0.25, -1, 0, 0]);
  });

  it('R-11: finds channels that come last by the sides of the picture', () => {
    const colours = numbers([1, 1, 2, 0, 0, -4, 0, 0, 0, 0, 0, 8], [2, 2, 3]);
    expect(heatLayout([2, 2, 3], [2, 2, 3], { height: 2, width: 2 })).toEqual({
      rows: 2,
      columns: 2,
      planes: 3,
      planesLast: true,
    });
    const cells = overlayCells(colours, VIEW, { height: 2, width: 2 })!;
    expect([...cells.values]).toEqual([0.5, -0.5, 0, 1]);
  });

  it('lays a coarse grid from the corner on, between its cells by proportion', () => {
    const cells = overlayCells(numbers([0, 100, 0, 100], [2, 2], [1, 4, 4]), VIEW)!;
    expect([cells.height, cells.width]).toEqual([4, 4]);
    expect([...cells.values.slice(0, 4)]).toEqual([0, 0.5, 1, 1]);
  });

  it('keeps to a scale that is given, in units of what was explained', () => {
    const cells = overlayCells(stack, { ...VIEW, reach: 8 })!;
    expect([...cells.values]).toEqual([0.125, -0.125, 0.1875, 0.25]);
    expect(cells.reach).toBe(8);
  });

  it('gives nothing for what is no picture, and no numbers but zeros for zeros', () => {
    expect(overlayCells(numbers([1, 2], [2]), VIEW)).toBeNull();
    const zeros = overlayCells(numbers([0, 0, 0, 0], [2, 2], [2, 2], 0), { ...VIEW, reach: 3 })!;
    expect([...zeros.values]).toEqual([0, 0, 0, 0]);
  });

  it('stands side by side as a stack does, with nothing between', () => {
    const one = overlayCells(numbers([1, 2, 3, 4], [2, 2]), VIEW)!;
    const both = sideBySide([one, one], 1)!;
    expect([both.width, both.height]).toEqual([5, 2]);
    expect([...both.values.slice(0, 5)]).toEqual([0.25, 0.5, NaN, 0.25, 0.5]);
  });
});

describe('colours', () => {
  const cells = (values: number[]) => ({
    height: 1,
    width: values.length,
    values: Float32Array.from(values),
    reach: 1,
  });
  const table = Uint8ClampedArray.from({ length: 768 }, (_, i) => Math.floor(i / 3));

  it('A-8: adds the policy to blue and the value to red, and nothing to green', () => {
    const out = new Uint8ClampedArray(8);
    paintHeads(cells([1, 0.5]), cells([0, 1]), 1, out);
    expect([...out]).toEqual([0, 0, 255, 255, 255, 0, 128, 255]);
  });

  it('has the middle colour for zero of a diverging map, the first for zero of another', () => {
    expect([heatIndex(-1, true), heatIndex(0, true), heatIndex(1, true)]).toEqual([0, 128, 255]);
    expect([heatIndex(-1, false), heatIndex(0, false), heatIndex(0.5, false)]).toEqual([255, 0, 128]);
  });

  it('is clearer the weaker over a picture, full when alone, and dark where nothing is when multiplied', () => {
    const out = new Uint8ClampedArray(12);
    const values = cells([0, 0.25, NaN]);
    const paint = (blend: 'over' | 'alone' | 'multiply', opacity: number) => {
      paintHeat(values, { diverging: false, table }, null, blend, opacity, out);
      return [out[3], out[7], out[11]];
    };
    expect(paint('over', 0.8)).toEqual([0, 102, 0]);
    expect(paint('alone', 0.8)).toEqual([255, 255, 0]);
    expect(paint('multiply', 1)).toEqual([255, 128, 0]);
  });
});
