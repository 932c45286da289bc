import { describe, expect, it } from 'vitest';

import { largestOf, paintFactors, type FactorLook } from './factor_paint';

const LOOK: FactorLook = {
  colours: ['#ff0000', '#00ff00'],
  only: null,
  residual: false,
  sign: 'absolute',
  reach: 2,
  smooth: false,
};
/** The largest alpha. */
const OPAQUE = 230;

/** Two cells, two factors. */
function painted(maps: number[], look: Partial<FactorLook> = {}, residual = [0, 0]): number[][] {
  const out = new Uint8ClampedArray(8);
  const planes = {
    rows: 1,
    columns: 2,
    maps: Float32Array.from(maps),
    residual: Float32Array.from(residual),
  };
  paintFactors(planes, { ...LOOK, ...look }, out);
  return [[...out.subarray(0, 4)], [...out.subarray(4)]];
}

describe('paintFactors', () => {
  it('shows one factor in its own colour, as opaque as it is strong', () => {
    expect(painted([2, 1, 0, 0])).toEqual([
      [255, 0, 0, OPAQUE],
      [255, 0, 0, OPAQUE / 2],
    ]);
  });
  it('mixes factors by strength; what is nothing is clear', () => {
    const [mixed, none] = painted([1, 0, 1, 0]);
    expect(mixed!.slice(0, 3)).toEqual([128, 128, 0]);
    // Two at a right angle: √2 of one.
    expect(mixed![3]).toBe(Math.round((OPAQUE * Math.SQRT2) / 2));
    expect(none![3]).toBe(0);
  });
  it('draws one side of signed maps, or both as one', () => {
    const maps = [2, -2, 0, 0];
    expect(painted(maps, { sign: 'positive' }).map(([, , , alpha]) => alpha)).toEqual([OPAQUE, 0]);
    expect(painted(maps, { sign: 'negative' }).map(([, , , alpha]) => alpha)).toEqual([0, OPAQUE]);
    expect(painted(maps).map(([, , , alpha]) => alpha)).toEqual([OPAQUE, OPAQUE]);
  });
  it('lets one stand alone, also what no factor holds', () => {
    expect(painted([2, 2, 2, 2], { only: 1 })[0]!.slice(0, 3)).toEqual([0, 255, 0]);
    expect(painted([0, 0, 0, 0], {}, [2, 0])[0]![3]).toBe(0);
    expect(painted([0, 0, 0, 0], { residual: true }, [2, 0])[0]).toEqual([147, 147, 147, OPAQUE]);
    expect(painted([2, 2, 2, 2], { only: 'residual' }, [2, 0]).map(([, , , alpha]) => alpha)).toEqual([
      OPAQUE,
      0,
    ]);
    expect(painted([0, 0, 0, 0], { residual: true, only: 0 }, [2, 0])[0]![3]).toBe(0);
  });
  it('lets strong places bleed over their neighbours, without dividing by anything', () => {
    const [strong, beside] = painted([2, 0, 0, 0], { smooth: true });
    expect(strong![3]).toBe(OPAQUE);
    expect(beside![3]).toBe(Math.round(OPAQUE * Math.exp(-1)));
  });
  it('draws nothing without a scale', () => {
    expect(painted([1, 1, 1, 1], { reach: 0 }).map(([, , , alpha]) => alpha)).toEqual([0, 0]);
  });
});

describe('largestOf', () => {
  it('counts what is above zero, and no NaN', () => {
    expect(largestOf([-5, 2, NaN])).toBe(2);
    expect(largestOf([-5])).toBe(0);
  });
});
