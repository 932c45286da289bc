import { heatLayout, planeOf, spread } from '../../../charts/heat_grid';
import type { HeatNumbers } from '../../../charts/heat_cells';
import { reachOf, scaled } from '../../../charts/heat_scale';

/** How one answer differs from another. */
export interface Difference extends HeatNumbers {
  values: Float32Array;
  /** Whether both were brought to one scale first: methods of different units. */
  isScaled: boolean;
}

/**
 * The first less the second. Where `comparable` is false (two methods, whose numbers have different units) each is first divided by its own
 * strongest. Grids of different fineness are spread over the explained value and their planes summed. Null where neither is possible.
 */
export function differenceOf(
  first: HeatNumbers,
  second: HeatNumbers,
  comparable: boolean,
  sides: { height: number; width: number } | null = null,
): Difference | null {
  const about = { scale: 1, isScaled: !comparable };
  if (first.shape.join() === second.shape.join()) {
    const [a, b] = [first, second].map((one) => numbersOf(one, one.values, comparable)) as [
      Float32Array,
      Float32Array,
    ];
    return { ...about, values: less(a, b), shape: first.shape, wrtShape: first.wrtShape };
  }
  if (first.wrtShape.join() !== second.wrtShape.join()) return null;
  const planes = [first, second].map((one) => {
    const layout = heatLayout(one.shape, one.wrtShape, sides);
    if (!layout) return null;
    const of = one.wrtShape;
    const [height, width] = (layout.planesLast ? of.slice(-3, -1) : of.slice(-2)) as [number, number];
    const plane = spread(planeOf(one.values, layout, 'sum'), layout.rows, layout.columns, height, width);
    return { height, width, values: numbersOf(one, plane, comparable) };
  });
  const [a, b] = planes;
  if (!a || !b) return null;
  const shape = [a.height, a.width];
  return { ...about, values: less(a.values, b.values), shape, wrtShape: shape };
}

function numbersOf({ scale }: HeatNumbers, values: ArrayLike<number>, comparable: boolean): Float32Array {
  return comparable
    ? Float32Array.from(values, (value) => value * scale)
    : scaled(values, reachOf(values, 0));
}

function less(first: Float32Array, second: Float32Array): Float32Array {
  return first.map((value, i) => value - second[i]!);
}
