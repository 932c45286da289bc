import { describe, expect, it } from 'vitest';

import { scaleToFit } from './frame_canvas';
import { indexOfLargest } from './lanes';
import { stepsOfCells } from './film_strip';
import { commonest } from './ribbon';
import { finiteExtent, minMaxColumns, paddedExtent, pixelFromStep, stepFromPixel } from './step_scale';

describe('step scale', () => {
  it('goes from steps to pixels and back', () => {
    const scale = { from: 100, to: 199, width: 640 };
    expect(pixelFromStep(scale, 100)).toBe(0);
    expect(pixelFromStep(scale, 199)).toBe(640);
    for (let step = 100; step < 200; step++)
      expect(stepFromPixel(scale, pixelFromStep(scale, step))).toBe(step);
    expect(stepFromPixel(scale, -50)).toBe(100);
    expect(stepFromPixel(scale, 9999)).toBe(199);
    expect(stepFromPixel({ from: 4, to: 4, width: 640 }, 300)).toBe(4);
  });

  it('looks only at finite values', () => {
    expect(finiteExtent([NaN, 3, -1, Infinity])).toEqual([-1, 3]);
    expect(finiteExtent([NaN, NaN])).toBeNull();
  });

  it('leaves room, and keeps zero when it is near', () => {
    expect(paddedExtent(null)).toEqual([0, 1]);
    expect(paddedExtent([1, 10])[0]).toBeLessThan(0);
    expect(paddedExtent([100, 101])[0]).toBeGreaterThan(99);
    expect(paddedExtent([0, 0])).toEqual([-0.5, 0.5]);
    expect(paddedExtent([8, 8])).toEqual([4, 12]);
  });
});

describe('minMaxColumns', () => {
  it('keeps a single peak among a hundred thousand values', () => {
    const values = new Float64Array(100_000);
    values[54_321] = 9;
    values[54_322] = -7;
    const thin = minMaxColumns(values, 0, 0, 99_999, 800);
    const column = Math.floor((54_321 / 100_000) * 800);
    expect(thin.max[column]).toBe(9);
    expect(thin.min[column]).toBe(-7);
    expect(thin.max.filter((value) => value === 9)).toHaveLength(1);
    expect(thin.count.reduce((sum, n) => sum + n, 0)).toBe(100_000);
  });

  it('leaves a gap where nothing was logged', () => {
    const thin = minMaxColumns([1, NaN, 3], 0, 0, 2, 3);
    expect([...thin.count]).toEqual([1, 0, 1]);
    expect(thin.first[1]).toBeNaN();
  });

  it('shows a part of what there is', () => {
    const thin = minMaxColumns([10, 11, 12, 13], 5, 6, 7, 2);
    expect([...thin.last]).toEqual([11, 12]);
  });
});

describe('pictures', () => {
  it('are enlarged by whole numbers and shrunk to fit', () => {
    expect(scaleToFit(160, 210, 1000, 700)).toBe(3);
    expect(scaleToFit(160, 210, 100, 1000)).toBeCloseTo(0.625);
    expect(scaleToFit(160, 210, 1000, 700, 1)).toBe(1);
  });

  it('of a film strip are spread over the episode', () => {
    expect(stepsOfCells(100, 4)).toEqual([12, 37, 62, 87]);
    expect(stepsOfCells(2, 10)).toEqual([0, 1]);
    expect(stepsOfCells(0, 10)).toEqual([]);
  });
});

describe('choices', () => {
  it('the largest is the first of equals and never NaN', () => {
    expect(indexOfLargest([NaN, 2, 2, 1])).toBe(1);
    expect(indexOfLargest([NaN])).toBeNull();
  });

  it('the commonest of a stretch stands for it', () => {
    expect(commonest([0, 1, 1, NaN], 0, 3)).toBe(1);
    expect(commonest([NaN, -1], 0, 1)).toBeNull();
  });
});
