/** Where points lie: one number a point in each column, NaN where it has no place. `z` is null in the plane. */
export interface CloudPlaces {
  x: Float32Array;
  y: Float32Array;
  z: Float32Array | null;
}

/** How each point stands beside the others. */
export const GONE = 0;
export const DIM = 1;
export const PLAIN = 2;
export const MARKED = 3;

/** How points are drawn; each column has one byte a point. */
export interface CloudLook {
  /** Colours, red, green and blue: up to 256 of them. */
  palette: Uint8Array;
  /** Index into the palette; null: all have the first colour. */
  colour: Uint8Array | null;
  /** 255 hides all that is behind; null: as usual. */
  alpha: Uint8Array | null;
  /** 64 is the usual radius; null: all have it. */
  size: Uint8Array | null;
  /** `GONE`, `DIM`, `PLAIN` or `MARKED`; null: all are plain. */
  stand: Uint8Array | null;
}

/** A line through points in an order, for example through time. */
export interface CloudLine {
  points: Uint32Array;
  colour: string;
  dash?: readonly number[];
}

/** Words at a place among the points. */
export interface CloudLabel {
  x: number;
  y: number;
  z: number;
  text: string;
}

/** The middle of some points; null when none has a place. */
export function middleOf(
  { x, y, z }: CloudPlaces,
  points: ArrayLike<number>,
): Omit<CloudLabel, 'text'> | null {
  let [sx, sy, sz, count] = [0, 0, 0, 0];
  for (let k = 0; k < points.length; k++) {
    const i = points[k];
    if (!(x[i] === x[i] && y[i] === y[i])) continue;
    sx += x[i];
    sy += y[i];
    if (z) sz += z[i];
    count += 1;
  }
  return count === 0 ? null : { x: sx / count, y: sy / count, z: sz / count };
}

/** Whether two columns of places are of the same points in the same dimensions, so that one can move into the other. */
export function canMove(from: CloudPlaces | null, to: CloudPlaces): boolean {
  return from !== null && from.x.length === to.x.length && (from.z === null) === (to.z === null);
}

/** Writes the places a part `t` of the way from one layout to another; a point that has no place in one is where the other has it. */
export function blend(from: Float32Array, to: Float32Array, t: number, out: Float32Array): void {
  for (let i = 0; i < to.length; i++) {
    const value = from[i] + (to[i] - from[i]) * t;
    out[i] = value === value ? value : to[i];
  }
}
