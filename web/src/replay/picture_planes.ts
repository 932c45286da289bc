/** How a row of numbers lies in planes of pixels; as the server's edits take it. */
export interface Planes {
  /** Frames of a stack; 1 of a single picture. */
  planes: number;
  height: number;
  width: number;
  /** Numbers of a pixel: 3 are red, green and blue. */
  channels: number;
  /** How far apart planes, rows, columns and channels lie. */
  strides: readonly [number, number, number, number];
}

/** Sides from which on a row of numbers is edited as a picture. */
const SIDE_MIN = 8;

/** How a row of this shape is a picture that can be painted on; null when it is none, or too small to be one. */
export function planesOfShape(shape: readonly number[], stackAxis: number | null): Planes | null {
  const found = laid(shape, stackAxis);
  return found && Math.min(found.height, found.width) >= SIDE_MIN ? found : null;
}

function laid(shape: readonly number[], axis: number | null): Planes | null {
  const [a, b, c, d] = shape;
  if (shape.length === 2) return { planes: 1, height: a, width: b, channels: 1, strides: [0, b, 1, 0] };
  if (shape.length === 3) {
    const stacked: Planes = { planes: c, height: a, width: b, channels: 1, strides: [1, b * c, c, 0] };
    if (axis === 2) return stacked;
    if (axis !== 0 && (c <= 4 || c < a)) {
      if (c === 2 || c >= 4) return stacked;
      return { planes: 1, height: a, width: b, channels: c, strides: [0, b * c, c, 1] };
    }
    if (a === 3 && axis === null) {
      return { planes: 1, height: b, width: c, channels: 3, strides: [0, c, 1, b * c] };
    }
    return { planes: a, height: b, width: c, channels: 1, strides: [b * c, c, 1, 0] };
  }
  if (shape.length === 4 && d <= 4) {
    return { planes: a, height: b, width: c, channels: d, strides: [b * c * d, c * d, d, 1] };
  }
  return null;
}

/** Bytes of one plane as RGBA, `low` black and `high` white. */
export function rgbaOfPlane(
  row: ArrayLike<number>,
  planes: Planes,
  plane: number,
  [low, high]: readonly [number, number],
): Uint8ClampedArray<ArrayBuffer> {
  const { height, width, channels, strides } = planes;
  const out = new Uint8ClampedArray(4 * height * width);
  const scale = high > low ? 255 / (high - low) : 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = plane * strides[0] + y * strides[1] + x * strides[2];
      const to = 4 * (y * width + x);
      for (let channel = 0; channel < 3; channel += 1) {
        out[to + channel] = (row[at + Math.min(channel, channels - 1) * strides[3]] - low) * scale;
      }
      out[to + 3] = 255;
    }
  }
  return out;
}
