/** How the points are seen for which a sample is chosen. */
export interface SpreadView {
  /** In CSS pixels. */
  width: number;
  height: number;
  /** The pixel of some place that stays with the points: cells are counted from there, so that they move with the picture. */
  anchor: { x: number; y: number };
  /** Grows as the picture is enlarged. */
  zoom: number;
}

/** Room that each thing takes, centred at its point, and how many things there are at most. */
export interface SpreadRoom {
  width: number;
  height: number;
  most: number;
}

/**
 * A fair sample of points with room for a picture at each: none overlaps another. The plane is cut into cells that lie still among the
 * points, each cell is for the point of it that comes first in an order by chance, and of these they are taken in that order where there is
 * room. So the sample stays while the picture is moved; when it is enlarged to the double, each cell is cut into four and more points have
 * room. Points that `counts` leaves out, that have no place or are out of view are not among them.
 */
export function spreadOf(
  px: Float32Array,
  py: Float32Array,
  { width, height, anchor, zoom }: SpreadView,
  room: SpreadRoom,
  counts: ((point: number) => boolean) | null,
): number[] {
  // From a half to the whole of the room: a power of two of the side that a cell has at zoom 1.
  const part = zoom / 2 ** Math.floor(Math.log2(zoom)) / 2;
  const [wide, high] = [room.width * part, room.height * part];
  const [left, top] = [
    Math.floor((-room.width / 2 - anchor.x) / wide),
    Math.floor((-room.height / 2 - anchor.y) / high),
  ];
  const columns = Math.floor((width + room.width / 2 - anchor.x) / wide) - left + 1;
  const rows = Math.floor((height + room.height / 2 - anchor.y) / high) - top + 1;
  if (!(columns > 0 && rows > 0 && columns * rows < 1e6)) return [];
  const first = new Int32Array(columns * rows).fill(-1);
  const order = new Uint32Array(columns * rows);
  for (let i = 0; i < px.length; i++) {
    const column = Math.floor((px[i] - anchor.x) / wide) - left;
    const row = Math.floor((py[i] - anchor.y) / high) - top;
    // Also false for NaN.
    if (!(column >= 0 && column < columns && row >= 0 && row < rows)) continue;
    const cell = row * columns + column;
    const rank = rankOf(i);
    if (first[cell] >= 0 && order[cell] <= rank) continue;
    if (counts && !counts(i)) continue;
    first[cell] = i;
    order[cell] = rank;
  }
  const found: number[] = [];
  for (const point of [...first].filter((point) => point >= 0).sort((a, b) => rankOf(a) - rankOf(b))) {
    if (found.length >= room.most) break;
    const [x, y] = [px[point], py[point]];
    const fits = found.every(
      (other) => Math.abs(px[other] - x) >= room.width || Math.abs(py[other] - y) >= room.height,
    );
    if (fits) found.push(point);
  }
  return found;
}

/** A place of a point in an order by chance, the same each time and another for each point (the mixing of MurmurHash3, Appleby, 2008). */
function rankOf(point: number): number {
  let hash = point;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
