import { DIM, GONE, MARKED, type CloudLook } from './cloud_points';
import type { Rgb } from './ramp';

/** Points in the picture beyond this are shaded by density: dots would only hide one another, and take long. */
export const DOTS_MAX = 40_000;
/** Marked points up to this are dots even then. */
const MARKS_MAX = 8_000;
/** Side of a cell of the density, in pixels of the picture. */
export const CELL = 2;
/** Faintest and strongest shade of a cell, and of one whose points are all dimmed. */
export const SHADES = { plain: [0.38, 1], dim: [0.07, 0.22] } as const;

/** A picture without holes, RGBA. */
export interface Raster {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

/** What a picture shows. */
export interface Painted {
  /** Points in it that stand plain or marked. */
  visible: number;
  density: boolean;
  /** Radius of a usual dot, in pixels of the picture. */
  radius: number;
}

/** Counts the points within a picture that are not gone, and those of them that are not dimmed; about, when only a sample is looked at. */
export function countVisible(
  px: Float32Array,
  py: Float32Array,
  stand: Uint8Array | null,
  width: number,
  height: number,
  sample: Uint32Array | null = null,
): { all: number; plain: number } {
  let [all, plain] = [0, 0];
  const count = sample ? sample.length : px.length;
  for (let k = 0; k < count; k++) {
    const i = sample ? sample[k] : k;
    if (!(px[i] >= 0 && px[i] < width && py[i] >= 0 && py[i] < height)) continue;
    if (!stand) all += 1;
    else if (stand[i] !== GONE) {
      all += 1;
      if (stand[i] !== DIM) plain += 1;
    }
  }
  const each = weightOf(px.length, sample);
  return { all: Math.round(all * each), plain: Math.round((stand ? plain : all) * each) };
}

/** How many points one of a sample stands for. */
const weightOf = (count: number, sample: Uint32Array | null) =>
  sample && sample.length > 0 ? count / sample.length : 1;

/**
 * Paints points over `surface`: dots while they can be told apart, else by density. `px`, `py` are pixels of the raster; `depth`, if there
 * is one, says which are nearer (larger). `scale` is pixels of the raster a CSS pixel.
 *
 * With a `sample`, only its points are looked at, for pictures that are gone in a moment; null when so few are in the picture that each is
 * to be a dot, for which all are needed.
 */
export function paintCloud(
  raster: Raster,
  px: Float32Array,
  py: Float32Array,
  depth: Float32Array | null,
  look: CloudLook,
  surface: Rgb,
  scale: number,
  sample: Uint32Array | null = null,
): Painted | null {
  const { all, plain } = countVisible(px, py, look.stand, raster.width, raster.height, sample);
  if (sample && all <= DOTS_MAX) return null;
  fill(raster, surface);
  const area = (raster.width * raster.height) / (scale * scale);
  const radius = scale * Math.min(5, Math.max(1.4, Math.sqrt((0.12 * area) / Math.max(1, all) / Math.PI)));
  const density = all > DOTS_MAX;
  if (!density) {
    const order = depth ? orderByDepth(px, py, depth, look.stand, raster) : null;
    const reach = depth && order ? reachOf(depth, order) : null;
    for (const layer of look.stand ? [DIM, -1, MARKED] : [-1]) {
      paintDots(
        raster,
        px,
        py,
        look,
        surface,
        radius,
        layer,
        order,
        reach && depth ? { depth, reach } : null,
      );
    }
    return { visible: plain, density, radius };
  }
  if (look.stand && all > plain) shade(raster, px, py, look, true, sample);
  shade(raster, px, py, look, false, sample);
  if (look.stand) {
    let marks = 0;
    for (let i = 0; i < px.length; i++) if (look.stand[i] === MARKED) marks += 1;
    if (!sample && marks <= MARKS_MAX)
      paintDots(raster, px, py, look, surface, 2.5 * scale, MARKED, null, null);
  }
  return { visible: plain, density, radius: scale * 2 };
}

function fill({ data }: Raster, [red, green, blue]: Rgb): void {
  // All of our machines are little-endian.
  new Uint32Array(data.buffer, data.byteOffset, data.length >> 2).fill(
    ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0,
  );
}

/** Points within the picture, farthest first, sorted roughly: finer than the eye tells. */
function orderByDepth(
  px: Float32Array,
  py: Float32Array,
  depth: Float32Array,
  stand: Uint8Array | null,
  { width, height }: Raster,
): Uint32Array {
  const inside = new Uint32Array(px.length);
  let [count, low, high] = [0, Infinity, -Infinity];
  for (let i = 0; i < px.length; i++) {
    if (!(px[i] >= 0 && px[i] < width && py[i] >= 0 && py[i] < height) || stand?.[i] === GONE) continue;
    inside[count++] = i;
    low = Math.min(low, depth[i]);
    high = Math.max(high, depth[i]);
  }
  const BUCKETS = 1024;
  const starts = new Uint32Array(BUCKETS + 1);
  const per = high > low ? (BUCKETS - 1) / (high - low) : 0;
  for (let k = 0; k < count; k++) starts[((depth[inside[k]] - low) * per + 1) | 0] += 1;
  for (let b = 0; b < BUCKETS; b++) starts[b + 1] += starts[b];
  const order = new Uint32Array(count);
  for (let k = 0; k < count; k++) order[starts[((depth[inside[k]] - low) * per) | 0]++] = inside[k];
  return order;
}

function reachOf(depth: Float32Array, order: Uint32Array): { low: number; span: number } | null {
  if (order.length === 0) return null;
  const [low, high] = [depth[order[0]], depth[order[order.length - 1]]];
  return { low, span: high - low || 1 };
}

/** Dots of one layer: `DIM`, `MARKED`, or -1 for all that are neither. */
function paintDots(
  raster: Raster,
  px: Float32Array,
  py: Float32Array,
  { palette, colour, alpha, size, stand }: CloudLook,
  [sr, sg, sb]: Rgb,
  radius: number,
  layer: number,
  order: Uint32Array | null,
  far: { depth: Float32Array; reach: { low: number; span: number } } | null,
): void {
  const { data, width, height } = raster;
  const usual = layer === DIM ? 0.14 : layer === MARKED ? 1 : 0.78;
  const count = order ? order.length : px.length;
  for (let k = 0; k < count; k++) {
    const i = order ? order[k] : k;
    const now = stand ? stand[i] : -1;
    if (now === GONE || (layer === -1 ? now === DIM || now === MARKED : now !== layer)) continue;
    const [cx, cy] = [px[i], py[i]];
    let r = radius * (size ? size[i] / 64 : 1) * (layer === MARKED ? 1.35 : 1);
    let mist = 0;
    if (far) {
      const near = (far.depth[i] - far.reach.low) / far.reach.span;
      r *= 0.7 + 0.5 * near;
      mist = 0.45 * (1 - near);
    }
    // Also false for NaN.
    if (!(cx > -r && cx < width + r && cy > -r && cy < height + r)) continue;
    const at = 3 * (colour ? colour[i] : 0);
    const red = palette[at] + (sr - palette[at]) * mist;
    const green = palette[at + 1] + (sg - palette[at + 1]) * mist;
    const blue = palette[at + 2] + (sb - palette[at + 2]) * mist;
    const strength = usual * (alpha && layer !== MARKED ? alpha[i] / 255 : 1);
    const [left, right] = [Math.max(0, Math.floor(cx - r)), Math.min(width - 1, Math.ceil(cx + r))];
    const [top, bottom] = [Math.max(0, Math.floor(cy - r)), Math.min(height - 1, Math.ceil(cy + r))];
    for (let y = top; y <= bottom; y++) {
      const dy = y + 0.5 - cy;
      for (let x = left; x <= right; x++) {
        const dx = x + 0.5 - cx;
        // A rim of one pixel, so that small dots are round and do not flicker when they move.
        const cover = r + 0.5 - Math.sqrt(dx * dx + dy * dy);
        if (cover <= 0) continue;
        const part = strength * (cover < 1 ? cover : 1);
        const pixel = 4 * (y * width + x);
        data[pixel] += (red - data[pixel]) * part;
        data[pixel + 1] += (green - data[pixel + 1]) * part;
        data[pixel + 2] += (blue - data[pixel + 2]) * part;
      }
    }
  }
}

/** Shades cells by how many points fall on each, in the mean of their colours. */
function shade(
  raster: Raster,
  px: Float32Array,
  py: Float32Array,
  look: CloudLook,
  dim: boolean,
  sample: Uint32Array | null,
): void {
  const { data, width, height } = raster;
  const { palette, colour, alpha, stand } = look;
  const [columns, rows] = [Math.ceil(width / CELL), Math.ceil(height / CELL)];
  // Weight, then weighted red, green and blue, side by side: one cell is one line of the machine's cache.
  const cells = new Float32Array(columns * rows * 4);
  const count = sample ? sample.length : px.length;
  const each = weightOf(px.length, sample);
  for (let k = 0; k < count; k++) {
    const i = sample ? sample[k] : k;
    const x = px[i];
    const y = py[i];
    if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
    if (stand && (stand[i] === GONE || (stand[i] === DIM) !== dim)) continue;
    const cell = 4 * (((y / CELL) | 0) * columns + ((x / CELL) | 0));
    const at = 3 * (colour ? colour[i] : 0);
    const weight = alpha ? (each * (alpha[i] + 1)) / 256 : each;
    cells[cell] += weight;
    cells[cell + 1] += weight * palette[at];
    cells[cell + 2] += weight * palette[at + 1];
    cells[cell + 3] += weight * palette[at + 2];
  }
  let most = 0;
  for (let cell = 0; cell < cells.length; cell += 4) if (cells[cell] > most) most = cells[cell];
  const [least, strongest] = dim ? SHADES.dim : SHADES.plain;
  const per = (strongest - least) / Math.log1p(most || 1);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cell = 4 * (row * columns + column);
      const weight = cells[cell];
      if (weight === 0) continue;
      const part = (least + Math.log1p(weight) * per) * Math.min(1, weight * 1.5);
      const [red, green, blue] = [
        cells[cell + 1] / weight,
        cells[cell + 2] / weight,
        cells[cell + 3] / weight,
      ];
      const [right, bottom] = [Math.min(width, (column + 1) * CELL), Math.min(height, (row + 1) * CELL)];
      for (let y = row * CELL; y < bottom; y++) {
        for (let x = column * CELL; x < right; x++) {
          const pixel = 4 * (y * width + x);
          data[pixel] += (red - data[pixel]) * part;
          data[pixel + 1] += (green - data[pixel + 1]) * part;
          data[pixel + 2] += (blue - data[pixel + 2]) * part;
        }
      }
    }
  }
}
