import { heatLayout, planeOf, spread } from './heat_grid';
import { bleed, reachOf, scaled, signed, type Sign } from './heat_scale';

/** Numbers over a picture: how strong each place is, above and below zero. */
export interface OverlayCells {
  height: number;
  width: number;
  /** From −1 to 1, row after row; NaN where nothing is drawn. */
  values: Float32Array;
  /** The number that is drawn as strongest, in units of what was explained; 0 when all are zero. */
  reach: number;
}

/** Numbers of one step as they came: a value is its element times `scale`. */
export interface HeatNumbers {
  values: ArrayLike<number>;
  scale: number;
  shape: readonly number[];
  /** Shape of what was explained; `shape` may be a coarser grid over its last two axes. */
  wrtShape: readonly number[];
}

/** What is done with the numbers before they have a colour. */
export interface HeatView {
  sign: Sign;
  /** Percent of the whole that the strongest places may hold beyond the end of the scale. */
  outliers: number;
  /** The end of the scale, where it is not that of the step itself. */
  reach?: number | null;
  /** Lets what is strong bleed over its neighbours. */
  smooth: boolean;
  /** A plane of the stack, or the sum of all. */
  plane: number | 'sum';
}

/** The number at which the scale of one step ends, over the planes that are shown. */
export function stepReach(numbers: HeatNumbers, view: HeatView, picture: Picture | null = null): number {
  const layout = heatLayout(numbers.shape, numbers.wrtShape, picture);
  if (!layout) return 0;
  return (
    reachOf(signed(planeOf(numbers.values, layout, view.plane), view.sign), view.outliers) * numbers.scale
  );
}

interface Picture {
  height: number;
  width: number;
}

/**
 * One step's numbers, ready to be coloured: sign, scale, smoothing, and spread over the picture.
 *
 * Sides are those of the explained value; `picture` is that of the picture it belongs to, which tells where channels are.
 */
export function overlayCells(
  numbers: HeatNumbers,
  view: HeatView,
  picture: Picture | null = null,
): OverlayCells | null {
  const layout = heatLayout(numbers.shape, numbers.wrtShape, picture);
  if (!layout) return null;
  const { rows, columns, planesLast } = layout;
  const of = numbers.wrtShape;
  const [height, width] = (planesLast ? of.slice(-3, -1) : of.slice(-2)) as [number, number];
  const kept = signed(planeOf(numbers.values, layout, view.plane), view.sign);
  // In the units of the bytes, so that a scale of zero (nothing but zeros) does no harm.
  const reach = view.reach && numbers.scale > 0 ? view.reach / numbers.scale : reachOf(kept, view.outliers);
  let values = scaled(kept, reach);
  if (view.smooth) values = bleed(values, rows, columns);
  return {
    height,
    width,
    values: spread(values, rows, columns, height, width),
    reach: reach * numbers.scale,
  };
}

/** Several overlays of one size in a row, as pictures of a stack stand side by side. */
export function sideBySide(cells: readonly OverlayCells[], gap: number): OverlayCells | null {
  const [first] = cells;
  if (!first) return null;
  const { height, width } = first;
  const across = width * cells.length + gap * (cells.length - 1);
  const values = new Float32Array(height * across).fill(NaN);
  cells.forEach((one, i) => {
    for (let y = 0; y < height; y += 1)
      values.set(one.values.subarray(y * width, (y + 1) * width), y * across + i * (width + gap));
  });
  return { height, width: across, values, reach: Math.max(...cells.map(({ reach }) => reach)) };
}
