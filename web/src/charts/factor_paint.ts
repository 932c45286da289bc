import { bleed, signed, type Sign } from './heat_scale';
import { rgbOf, type Rgb } from './ramp';

/** Numbers of one step: a plane of rows and columns for each factor, one after the other, and what no factor holds. */
export interface FactorPlanes {
  rows: number;
  columns: number;
  maps: Float32Array;
  residual: Float32Array;
}

/** How planes become colours. */
export interface FactorLook {
  /** One CSS colour a factor, as `#rrggbb`. */
  colours: readonly string[];
  /** Which are drawn; all when null. `residual` is what no factor holds. */
  only: number | 'residual' | null;
  /** Draws what no factor holds, in grey. */
  residual: boolean;
  sign: Exclude<Sign, 'both'>;
  /** The number that is drawn fully opaque. */
  reach: number;
  /** Lets what is strong bleed over its neighbours. */
  smooth: boolean;
}

/** Alpha of the strongest places, 0.9 of 255: the picture beneath can still be told. */
const OPAQUE = 230;
/** Of the residual. */
const GREY: Rgb = [147, 147, 147];

/**
 * Paints factors in their colours as RGBA, `rows` × `columns`. Colours of unit length are added up by strength; the length of the sum,
 * at most 1, is how opaque a cell is.
 *
 * **Source** Hilton et al. 2020, "Understanding RL Vision". Theirs then divides the sum by its length; here the colour of a cell is the
 * mean of the factors' own, so that one factor alone looks as in the legend. Their weight of an overlay, 0.9, is the largest opacity.
 */
export function paintFactors(planes: FactorPlanes, look: FactorLook, out: Uint8ClampedArray): void {
  const cells = planes.rows * planes.columns;
  const sum = new Float32Array(3 * cells);
  const shown = new Float32Array(3 * cells);
  const strengths = new Float32Array(cells);
  const add = (values: ArrayLike<number>, colour: Rgb) => {
    const kept = signed(values, look.sign);
    const spread = look.smooth ? bleed(kept, planes.rows, planes.columns) : kept;
    const length = Math.hypot(...colour) || 1;
    for (let i = 0; i < cells; i += 1) {
      const strength = look.reach > 0 ? spread[i]! / look.reach : 0;
      if (strength === 0) continue;
      strengths[i]! += strength;
      for (let channel = 0; channel < 3; channel += 1) {
        sum[3 * i + channel]! += (strength * colour[channel]!) / length;
        shown[3 * i + channel]! += strength * colour[channel]!;
      }
    }
  };
  look.colours.forEach((colour, factor) => {
    if (look.only !== null && look.only !== factor) return;
    add(planes.maps.subarray(factor * cells, (factor + 1) * cells), rgbOf(colour));
  });
  if (look.only === 'residual' || (look.residual && look.only === null)) add(planes.residual, GREY);
  for (let i = 0; i < cells; i += 1) {
    const strength = strengths[i]!;
    const length = Math.hypot(sum[3 * i]!, sum[3 * i + 1]!, sum[3 * i + 2]!);
    for (let channel = 0; channel < 3; channel += 1)
      out[4 * i + channel] = strength > 0 ? shown[3 * i + channel]! / strength : 0;
    out[4 * i + 3] = OPAQUE * Math.min(1, length);
  }
}

/** The largest of one step's numbers over all cells and factors, as the scale counts it: of signed numbers, the largest above zero. */
export function largestOf(maps: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < maps.length; i += 1) if (maps[i]! > most) most = maps[i]!;
  return most;
}
