/** Whether a pixel lies inside of a polygon `x0, y0, x1, y1, …`, by the even-odd rule. */
export function isInside(polygon: ArrayLike<number>, x: number, y: number): boolean {
  let inside = false;
  const corners = polygon.length >> 1;
  for (let i = 0, j = corners - 1; i < corners; j = i++) {
    const [xi, yi, xj, yj] = [polygon[2 * i], polygon[2 * i + 1], polygon[2 * j], polygon[2 * j + 1]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Indices, ascending, of the points inside of a polygon that `counts` takes. */
export function pointsInside(
  polygon: ArrayLike<number>,
  px: Float32Array,
  py: Float32Array,
  counts: (point: number) => boolean,
): Uint32Array {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i + 1 < polygon.length; i += 2) {
    left = Math.min(left, polygon[i]);
    right = Math.max(right, polygon[i]);
    top = Math.min(top, polygon[i + 1]);
    bottom = Math.max(bottom, polygon[i + 1]);
  }
  const found = new Uint32Array(px.length);
  let count = 0;
  for (let i = 0; i < px.length; i++) {
    // Also false for NaN.
    if (!(px[i] >= left && px[i] <= right && py[i] >= top && py[i] <= bottom)) continue;
    if (counts(i) && isInside(polygon, px[i], py[i])) found[count++] = i;
  }
  return found.slice(0, count);
}

/** The polygon of a box from corner to corner. */
export function boxPolygon(x0: number, y0: number, x1: number, y1: number): number[] {
  return [x0, y0, x1, y0, x1, y1, x0, y1];
}
