import { type FrameGroup, pictureOf, planesOfRow, rowOf } from './frame_group';

/** Where the colours of a picture come from: a table of 256 packed RGBA values, or its samples. */
type Table = Uint32Array;

const tables = new WeakMap<FrameGroup, Table>();

/** One plane of a row by its number, the oldest first; or its planes together as red, green, blue and alpha. */
export type Plane = number | 'colour';

/**
 * Expands `plane` of `row` to packed RGBA, one `Uint32` a pixel, into `out` (at least height × width long).
 * A plane of one channel is grey, one of three or four is RGB or RGBA.
 *
 * `'colour'` is for colour pictures: only the reader knows that four channels are RGBA rather than a stack of four frames,
 * and the encoder may keep them apart as planes.
 */
export function paintRow(group: FrameGroup, row: number, plane: Plane, out: Uint32Array): void {
  const { channels, stack } = group;
  if (plane === 'colour') {
    if (stack > 0 && channels === 1 && (stack === 3 || stack === 4)) paintPlanes(group, row, out);
    else if (stack === 0 && channels === 4) paintColours(group, row, out);
    else paintRow(group, row, 0, out);
    return;
  }
  const picture = pictureOf(group, row, plane);
  const pixels = group.height * group.width;
  if (stack === 0 && planesOfRow(group) > 1) {
    paintChannel(group, picture, plane, out);
  } else if (group.palette || channels === 1) {
    const table = tableOf(group);
    for (let i = 0; i < pixels; i++) out[i] = table[picture[i]!]!;
  } else if (channels >= 3) {
    for (let i = 0, at = 0; i < pixels; i++, at += channels) {
      const alpha = channels === 4 ? picture[at + 3]! : 255;
      out[i] = rgba(picture[at]!, picture[at + 1]!, picture[at + 2]!, alpha);
    }
  } else {
    paintChannel(group, picture, 0, out);
  }
}

/** A small copy of one picture: packed RGBA, `width` × `height`, box-filtered so that thin things stay visible. */
export interface Thumbnail {
  width: number;
  height: number;
  rgba: Uint32Array;
}

/** Shrinks `plane` of `row` to at most `side` pixels on its longer side; never enlarges. */
export function thumbnailOf(group: FrameGroup, row: number, plane: Plane, side: number): Thumbnail {
  const full = new Uint32Array(group.height * group.width);
  paintRow(group, row, plane, full);
  const scale = Math.min(1, side / Math.max(group.height, group.width));
  const width = Math.max(1, Math.round(group.width * scale));
  const height = Math.max(1, Math.round(group.height * scale));
  const small = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.floor((y * group.height) / height);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * group.height) / height));
    for (let x = 0; x < width; x++) {
      const left = Math.floor((x * group.width) / width);
      const right = Math.max(left + 1, Math.floor(((x + 1) * group.width) / width));
      small[y * width + x] = meanColour(full, group.width, left, right, top, bottom);
    }
  }
  return { width, height, rgba: small };
}

function meanColour(
  from: Uint32Array,
  stride: number,
  left: number,
  right: number,
  top: number,
  bottom: number,
) {
  let [r, g, b, a] = [0, 0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const colour = from[y * stride + x]!;
      r += colour & 255;
      g += (colour >>> 8) & 255;
      b += (colour >>> 16) & 255;
      a += colour >>> 24;
    }
  }
  const n = (right - left) * (bottom - top);
  return rgba(r / n, g / n, b / n, a / n);
}

/** The samples of one pixel of a plane, or of its colours, as they were logged. */
export function samplesAt(group: FrameGroup, row: number, plane: Plane, x: number, y: number): number[] {
  const { palette, channels, stack } = group;
  const pixel = y * group.width + x;
  const of = (index: number): number[] => {
    const picture = pictureOf(group, row, index);
    const at = (palette ? picture[pixel]! : pixel) * channels;
    return [...(palette ?? picture).subarray(at, at + channels)];
  };
  if (plane === 'colour') {
    const apart = stack > 0 && channels === 1;
    return apart ? Array.from({ length: stack }, (_, index) => of(index)[0]!) : of(0);
  }
  if (stack === 0 && planesOfRow(group) > 1) return [of(0)[plane]!];
  return of(plane);
}

/** Three or four planes of a row together as the channels of one picture. */
function paintPlanes(group: FrameGroup, row: number, out: Uint32Array): void {
  const [red, green, blue, alpha] = Array.from({ length: group.stack }, (_, plane) =>
    pictureOf(group, row, plane),
  );
  const { palette } = group;
  const of = (picture: Uint8Array, i: number) => (palette ? palette[picture[i]!]! : picture[i]!);
  const pixels = group.height * group.width;
  for (let i = 0; i < pixels; i++) {
    out[i] = rgba(of(red!, i), of(green!, i), of(blue!, i), alpha ? of(alpha, i) : 255);
  }
}

function paintColours(group: FrameGroup, row: number, out: Uint32Array): void {
  const samples = rowOf(group, row);
  for (let i = 0, at = 0; at < samples.length; i++, at += 4) {
    out[i] = rgba(samples[at]!, samples[at + 1]!, samples[at + 2]!, samples[at + 3]!);
  }
}

function paintChannel(group: FrameGroup, picture: Uint8Array, channel: number, out: Uint32Array): void {
  const { palette, channels } = group;
  const pixels = group.height * group.width;
  for (let i = 0; i < pixels; i++) {
    const grey = palette ? palette[picture[i]! * channels + channel]! : picture[i * channels + channel]!;
    out[i] = rgba(grey, grey, grey);
  }
}

function tableOf(group: FrameGroup): Table {
  const known = tables.get(group);
  if (known) return known;
  const table = new Uint32Array(256);
  const { palette, channels } = group;
  if (!palette) {
    for (let i = 0; i < 256; i++) table[i] = rgba(i, i, i);
  } else {
    for (let i = 0, at = 0; at < palette.length; i++, at += channels) {
      const first = palette[at]!;
      table[i] =
        channels === 3 || channels === 4
          ? rgba(first, palette[at + 1]!, palette[at + 2]!, channels === 4 ? palette[at + 3]! : 255)
          : rgba(first, first, first);
    }
  }
  tables.set(group, table);
  return table;
}

/** Packs as `ImageData` holds it on a little-endian machine, which all browsers run on. */
function rgba(r: number, g: number, b: number, a = 255): number {
  return (r | (g << 8) | (b << 16) | (a << 24)) >>> 0;
}
