/**
 * How a cloud of points is looked at: a flat picture that is moved and enlarged, or a body that is also turned. Without perspective, so
 * that distances on the screen stay distances.
 */
export interface Camera {
  /** 1 shows all points. */
  zoom: number;
  /** How far the picture is moved right and down, in parts of the shorter side. */
  x: number;
  y: number;
  /** Unit quaternion `w, x, y, z`; that of a flat picture is 1, 0, 0, 0. */
  turn: Quaternion;
}

export type Quaternion = readonly [number, number, number, number];

export const ZOOM = { low: 0.2, high: 20_000 } as const;
const STRAIGHT: Quaternion = [1, 0, 0, 0];
/** A body is seen a little from above and from the side, else its depth would not show. */
const ASKEW: Quaternion = normed([0.906, 0.22, -0.36, 0.09]);
/** Part of each side that all points take. */
const FILL = 0.46;

export function cameraAtRest(dims: 2 | 3): Camera {
  return { zoom: 1, x: 0, y: 0, turn: dims === 3 ? ASKEW : STRAIGHT };
}

/** Middle and half size of what is shown, along each axis. */
export interface Extent {
  middle: readonly [number, number, number];
  half: readonly [number, number, number];
}

/** The box around all points that have a place. */
export function extentOf(columns: readonly (Float32Array | null)[]): Extent {
  const ends = columns.map((column) => {
    let [low, high] = [Infinity, -Infinity];
    if (column) {
      for (let i = 0; i < column.length; i++) {
        const value = column[i];
        if (value < low && value !== -Infinity) low = value;
        if (value > high && value !== Infinity) high = value;
      }
    }
    if (!(low <= high)) return [0, 0.5];
    return [(low + high) / 2, low === high ? 0.5 : (high - low) / 2];
  });
  const at = (axis: number, part: number) => ends[axis]?.[part] ?? (part === 0 ? 0 : 0.5);
  return { middle: [at(0, 0), at(1, 0), at(2, 0)], half: [at(0, 1), at(1, 1), at(2, 1)] };
}

/** Three rows of four: pixels right, pixels down, and depth (larger is nearer) of a point `x, y, z, 1`. */
export type Projection = Float64Array;

/**
 * The way from places to pixels. `equal` keeps one unit as long on each axis, as embeddings want it; otherwise each axis fills its side.
 */
export function projectionOf(
  camera: Camera,
  { middle, half }: Extent,
  { width, height }: { width: number; height: number },
  dims: 2 | 3,
  equal: boolean,
): Projection {
  const side = Math.min(width, height);
  let units: [number, number, number];
  if (dims === 2) {
    const [x, y] = [(FILL * width) / half[0], (FILL * height) / half[1]];
    const both = Math.min(x, y);
    units = equal ? [both, both, 0] : [x, y, 0];
  } else {
    const longest = Math.max(...half);
    const unit = (of: number) => (FILL * 0.85 * side) / of;
    units = equal
      ? [unit(longest), unit(longest), unit(longest)]
      : [unit(half[0]), unit(half[1]), unit(half[2])];
  }
  const rotation = matrixOf(dims === 3 ? camera.turn : STRAIGHT);
  const out = new Float64Array(12);
  for (let row = 0; row < 3; row++) {
    // Screens count downwards.
    const sign = row === 1 ? -1 : 1;
    let shift = 0;
    for (let axis = 0; axis < 3; axis++) {
      const scaled = sign * camera.zoom * rotation[row * 3 + axis] * units[axis];
      out[row * 4 + axis] = scaled;
      shift -= scaled * middle[axis];
    }
    out[row * 4 + 3] = shift;
  }
  out[3] += width / 2 + camera.x * side;
  out[7] += height / 2 + camera.y * side;
  return out;
}

/** Writes the pixel of each point, or of those of a sample, NaN for what has no place; depth only where there is an array for it. */
export function project(
  projection: Projection,
  x: Float32Array,
  y: Float32Array,
  z: Float32Array | null,
  px: Float32Array,
  py: Float32Array,
  depth: Float32Array | null,
  sample: Uint32Array | null = null,
): void {
  const [a, b, c, d, e, f, g, h, k, l, m, n] = projection;
  const count = sample ? sample.length : x.length;
  if (!z) {
    for (let j = 0; j < count; j++) {
      const i = sample ? sample[j] : j;
      px[i] = a * x[i] + b * y[i] + d;
      py[i] = e * x[i] + f * y[i] + h;
    }
    return;
  }
  for (let j = 0; j < count; j++) {
    const i = sample ? sample[j] : j;
    px[i] = a * x[i] + b * y[i] + c * z[i] + d;
    py[i] = e * x[i] + f * y[i] + g * z[i] + h;
    if (depth) depth[i] = k * x[i] + l * y[i] + m * z[i] + n;
  }
}

/** The pixel of one point, NaN where it has no place. */
export function pixelOf(
  p: Projection,
  { x, y, z }: { x: Float32Array; y: Float32Array; z: Float32Array | null },
  point: number,
): { x: number; y: number } {
  const deep = z ? z[point] : 0;
  return {
    x: p[0] * x[point] + p[1] * y[point] + (z ? p[2] * deep : 0) + p[3],
    y: p[4] * x[point] + p[5] * y[point] + (z ? p[6] * deep : 0) + p[7],
  };
}

/** Moved by pixels of a picture whose shorter side is `side`. */
export function panned(camera: Camera, dx: number, dy: number, side: number): Camera {
  return { ...camera, x: camera.x + dx / side, y: camera.y + dy / side };
}

/** Enlarged, so that what lies `dx, dy` pixels from the middle stays there. */
export function zoomed(camera: Camera, factor: number, dx: number, dy: number, side: number): Camera {
  const zoom = Math.min(ZOOM.high, Math.max(ZOOM.low, camera.zoom * factor));
  const by = zoom / camera.zoom;
  const [x, y] = [dx / side, dy / side];
  return { ...camera, zoom, x: x + (camera.x - x) * by, y: y + (camera.y - y) * by };
}

/** Turned as if a ball were pushed by some pixels. */
export function turned(camera: Camera, dx: number, dy: number, side: number): Camera {
  const distance = Math.hypot(dx, dy);
  if (distance === 0) return camera;
  const half = (distance / side) * 1.4;
  const sine = Math.sin(half) / distance;
  const push: Quaternion = [Math.cos(half), dy * sine, dx * sine, 0];
  return { ...camera, turn: normed(product(push, camera.turn)) };
}

/** As it is kept in an address: `zoom,x,y`, and the turn of a body. */
export function textOfCamera(camera: Camera, dims: 2 | 3): string {
  const numbers = [camera.zoom, camera.x, camera.y, ...(dims === 3 ? camera.turn : [])];
  return numbers.map((number) => String(Number(number.toPrecision(5)))).join(',');
}

/** Reads an address; null when it is nothing of the kind. */
export function cameraOfText(text: string | null, dims: 2 | 3): Camera | null {
  const numbers = (text ?? '').split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (numbers.length !== (dims === 3 ? 7 : 3) || !numbers.every(Number.isFinite)) return null;
  const [zoom, x, y, ...turn] = numbers;
  if (zoom < ZOOM.low || zoom > ZOOM.high || Math.max(Math.abs(x), Math.abs(y)) > 10 * ZOOM.high) return null;
  if (dims === 2) return { zoom, x, y, turn: STRAIGHT };
  if (Math.hypot(...turn) < 1e-3) return null;
  return { zoom, x, y, turn: normed(turn as unknown as Quaternion) };
}

function product([a, b, c, d]: Quaternion, [e, f, g, h]: Quaternion): Quaternion {
  return [
    a * e - b * f - c * g - d * h,
    a * f + b * e + c * h - d * g,
    a * g - b * h + c * e + d * f,
    a * h + b * g - c * f + d * e,
  ];
}

function normed(q: Quaternion): Quaternion {
  const length = Math.hypot(...q);
  return [q[0] / length, q[1] / length, q[2] / length, q[3] / length];
}

/** The rotation of a unit quaternion, row after row. */
function matrixOf([w, x, y, z]: Quaternion): number[] {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  ];
}
