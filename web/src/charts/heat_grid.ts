/** How an array of numbers lies over a picture. */
export interface HeatLayout {
  rows: number;
  columns: number;
  /** Pictures of a stack, or channels. */
  planes: number;
  /** Whether planes are the last axis (H×W×C) rather than the first (C×H×W). */
  planesLast: boolean;
}

/**
 * Reads a shape as planes of rows and columns. `of` is the shape of the whole explained value, `picture` that of the picture it belongs
 * to, where there is one: it alone tells H×W×C from C×H×W. Null when there is nothing to lay over a picture.
 */
export function heatLayout(
  shape: readonly number[],
  of: readonly number[],
  picture: { height: number; width: number } | null = null,
): HeatLayout | null {
  if (shape.length < 2 || of.length < 2) return null;
  const [a, b, c] = of.slice(-3);
  const planesLast =
    of.length >= 3 &&
    picture !== null &&
    a === picture.height &&
    b === picture.width &&
    !(b === picture.height && c === picture.width);
  const [rows, columns] = planesLast ? shape.slice(-3, -1) : shape.slice(-2);
  const count = shape.reduce((product, length) => product * length, 1);
  const cells = rows! * columns!;
  if (!(cells > 0)) return null;
  return { rows: rows!, columns: columns!, planes: count / cells, planesLast };
}

/** One plane of the numbers, or the sum of all of them at each place. */
export function planeOf(
  values: ArrayLike<number>,
  { rows, columns, planes, planesLast }: HeatLayout,
  plane: number | 'sum',
): Float32Array {
  const cells = rows * columns;
  const at = (place: number, of: number) =>
    planesLast ? values[place * planes + of]! : values[of * cells + place]!;
  const out = new Float32Array(cells);
  for (let place = 0; place < cells; place += 1) {
    if (plane !== 'sum') out[place] = at(place, Math.min(plane, planes - 1));
    else for (let of = 0; of < planes; of += 1) out[place]! += at(place, of);
  }
  return out;
}

/**
 * Bilinear between cells whose places are a whole number of pixels apart, from the corner on: the places at which windows were put down.
 */
export function spread(
  cells: Float32Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
): Float32Array {
  if (rows === height && columns === width) return cells;
  const [stepY, stepX] = [Math.max(1, Math.round(height / rows)), Math.max(1, Math.round(width / columns))];
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y += 1) {
    const fy = Math.min(rows - 1, y / stepY);
    const [y0, y1] = [Math.floor(fy), Math.min(rows - 1, Math.floor(fy) + 1)];
    for (let x = 0; x < width; x += 1) {
      const fx = Math.min(columns - 1, x / stepX);
      const [x0, x1] = [Math.floor(fx), Math.min(columns - 1, Math.floor(fx) + 1)];
      const top = cells[y0 * columns + x0]! * (1 - fx + x0) + cells[y0 * columns + x1]! * (fx - x0);
      const low = cells[y1 * columns + x0]! * (1 - fx + x0) + cells[y1 * columns + x1]! * (fx - x0);
      out[y * width + x] = top * (1 - fy + y0) + low * (fy - y0);
    }
  }
  return out;
}
