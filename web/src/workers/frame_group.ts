/**
 * Frame groups: consecutive rows of one image field, as they lie on disk and travel to the browser
 * (docs/format.md, "Frame groups"). Pictures stay as palette indices where they have a palette; they are expanded
 * to colours only when drawn (`frame_paint.ts`).
 */
import { zstdDecompress } from './zstd';

/** Limits of the format; a group that asks for more is refused by name. */
export const LIMITS = {
  decodedBytes: 256 * 1024 * 1024,
  rows: 1024,
  side: 16384,
} as const;

/** Bytes of the fixed part of a group. */
export const HEADER_BYTES = 32;

const MAGIC = 0x31474645; // "EFG1", little-endian
const CODEC = { stored: 0, paletteXor: 1, zstd: 2, xor: 3 } as const;

/** Why some bytes are not a frame group. The message says what was expected and what was found. */
export class FrameGroupError extends Error {
  override name = 'FrameGroupError';
}

/** How the planes of a row lie in its array: one picture, planes first (S×H×W, S×H×W×C), planes last (H×W×S). */
export type Layout = 'picture' | 'planes_first' | 'planes_last';

/** A decoded group. */
export interface FrameGroup {
  /** Rows. */
  count: number;
  height: number;
  width: number;
  /** Samples a pixel of the field; the samples of a palette entry when there is a palette. */
  channels: number;
  layout: Layout;
  /** Planes a row; 0 when a row is one picture. */
  stack: number;
  /** `colours × channels` bytes, or null when `pictures` holds samples. */
  palette: Uint8Array | null;
  /** Pictures one after the other: a byte a pixel with a palette, `channels` bytes a pixel without. */
  pictures: Uint8Array;
  /** Bytes of one picture. */
  pictureBytes: number;
  /** With a stack: `count × stack` numbers of pictures, row after row. */
  planes: Uint16Array | null;
}

/** Reads one group. Throws `FrameGroupError` on anything that is not one, with the field that is wrong. */
export function decodeFrameGroup(bytes: Uint8Array): FrameGroup {
  const header = readHeader(bytes);
  const { channels, stack, count, frames, height, width, colours, codec } = header;
  let at = HEADER_BYTES;

  const palette = colours > 0 ? bytes.slice(at, at + colours * channels) : null;
  at += colours * channels;

  let planes: Uint16Array | null = null;
  if (stack > 0) {
    planes = new Uint16Array(count * stack);
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, planes.length * 2);
    for (let i = 0; i < planes.length; i++) {
      const picture = view.getUint16(i * 2, true);
      if (picture >= frames) fail(`plane ${i}: picture ${picture} does not exist, the group has ${frames}`);
      planes[i] = picture;
    }
    at += planes.length * 2;
  }

  const payload = bytes.subarray(at, at + header.payload);
  const pictureBytes = height * width * (palette ? 1 : channels);
  const pictures = codec === CODEC.stored ? payload.slice() : unzip(payload, header.raw);
  if (codec === CODEC.paletteXor || codec === CODEC.xor) undoXor(pictures, pictureBytes);
  if (palette) checkIndices(pictures, colours);
  return {
    count,
    height,
    width,
    channels,
    layout: header.layout,
    stack,
    palette,
    pictures,
    pictureBytes,
    planes,
  };
}

/** Bytes that a decoded group keeps alive. */
export function bytesOfGroup(group: FrameGroup): number {
  return group.pictures.byteLength + (group.palette?.byteLength ?? 0) + (group.planes?.byteLength ?? 0);
}

/**
 * Number of planes that can be looked at one by one: those of a stack, or the channels of a picture that are no colours. One for a
 * picture in grey or colour.
 */
export function planesOfRow(group: FrameGroup): number {
  if (group.stack > 0) return group.stack;
  return group.channels === 1 || group.channels === 3 ? 1 : group.channels;
}

/**
 * The stored picture that holds `plane` of `row`, as a view. Throws when there is no such row or plane.
 * Planes of a stack are in the order of the field, which is oldest first; without a stack all planes are in one picture.
 */
export function pictureOf(group: FrameGroup, row: number, plane = 0): Uint8Array {
  if (!(row >= 0 && row < group.count)) fail(`row ${row} is outside the group of ${group.count}`);
  if (!(plane >= 0 && plane < planesOfRow(group)))
    fail(`plane ${plane} is outside the row of ${planesOfRow(group)}`);
  const picture = group.planes ? group.planes[row * group.stack + plane]! : row;
  return group.pictures.subarray(picture * group.pictureBytes, (picture + 1) * group.pictureBytes);
}

/** The row as it was logged, in the order of the field's own axes. */
export function rowOf(group: FrameGroup, row: number): Uint8Array {
  if (group.layout === 'picture') return samplesOf(group, pictureOf(group, row));
  const elements = group.height * group.width * group.channels;
  const out = new Uint8Array(elements * group.stack);
  for (let plane = 0; plane < group.stack; plane++) {
    const samples = samplesOf(group, pictureOf(group, row, plane));
    if (group.layout === 'planes_first') out.set(samples, plane * elements);
    else for (let i = 0; i < elements; i++) out[i * group.stack + plane] = samples[i]!;
  }
  return out;
}

function samplesOf(group: FrameGroup, picture: Uint8Array): Uint8Array {
  const { palette, channels } = group;
  if (!palette) return picture.slice();
  const out = new Uint8Array(picture.length * channels);
  for (let i = 0; i < picture.length; i++) {
    const colour = picture[i]! * channels;
    for (let c = 0; c < channels; c++) out[i * channels + c] = palette[colour + c]!;
  }
  return out;
}

interface Header {
  codec: number;
  channels: number;
  layout: Layout;
  stack: number;
  count: number;
  frames: number;
  height: number;
  width: number;
  colours: number;
  payload: number;
  raw: number;
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < HEADER_BYTES)
    fail(`expected a header of ${HEADER_BYTES} bytes, found ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) {
    const found = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    fail(`magic: expected "EFG1", found bytes ${found}`);
  }
  const [codec, channels, layoutId, stack] = [bytes[4]!, bytes[5]!, bytes[6]!, bytes[7]!];
  const count = view.getUint16(8, true);
  const frames = view.getUint16(10, true);
  const height = view.getUint32(12, true);
  const width = view.getUint32(16, true);
  const colours = view.getUint16(20, true);
  const payload = view.getUint32(24, true);
  const raw = view.getUint32(28, true);

  if (codec > CODEC.xor)
    fail(`codec: expected 0 to ${CODEC.xor}, found ${codec}; a newer Ethogram may read it`);
  const layout = (['picture', 'planes_first', 'planes_last'] as const)[layoutId];
  if (!layout) fail(`layout: expected 0 to 2, found ${layoutId}`);
  if (bytes[23] !== 0) fail(`reserved byte: expected 0, found ${bytes[23]}; a newer Ethogram may read it`);
  if (channels === 0) fail('channels: expected at least 1, found 0');
  if ((layout === 'picture') !== (stack === 0))
    fail(`stack: ${stack} planes do not go with layout ${layoutId}`);
  if (layout === 'planes_last' && channels !== 1)
    fail(`channels: planes that lie last have one, found ${channels}`);
  if (count === 0 || count > LIMITS.rows) fail(`count: expected 1 to ${LIMITS.rows} rows, found ${count}`);
  if (stack === 0 && frames !== count) fail(`frames: expected ${count}, one a row, found ${frames}`);
  if (stack > 0 && (frames === 0 || frames > count * stack)) {
    fail(`frames: expected 1 to ${count * stack}, at most one a plane, found ${frames}`);
  }
  for (const [name, side] of [
    ['height', height],
    ['width', width],
  ] as const) {
    if (side === 0 || side > LIMITS.side) fail(`${name}: expected 1 to ${LIMITS.side} pixels, found ${side}`);
  }
  if (codec === CODEC.paletteXor ? colours < 1 || colours > 256 : colours !== 0) {
    fail(
      `colours: expected ${codec === CODEC.paletteXor ? '1 to 256' : '0'} with codec ${codec}, found ${colours}`,
    );
  }

  // Each factor is bounded above, so the products stay exact in a double.
  const expectedRaw = frames * height * width * (colours > 0 ? 1 : channels);
  const decoded = count * Math.max(1, stack) * height * width * channels;
  if (Math.max(expectedRaw, decoded) > LIMITS.decodedBytes) {
    fail(`decodes to ${Math.max(expectedRaw, decoded)} bytes, the limit is ${LIMITS.decodedBytes}`);
  }
  if (raw !== expectedRaw) fail(`raw: expected ${expectedRaw} bytes for ${frames} pictures, found ${raw}`);
  if (codec === CODEC.stored && payload !== raw)
    fail(`payload: expected ${raw} bytes as stored, found ${payload}`);
  const total = HEADER_BYTES + colours * channels + count * stack * 2 + payload;
  if (bytes.length !== total) fail(`expected ${total} bytes as the header says, found ${bytes.length}`);
  return { codec, channels, layout, stack, count, frames, height, width, colours, payload, raw };
}

function unzip(payload: Uint8Array, raw: number): Uint8Array {
  try {
    return zstdDecompress(payload, raw);
  } catch (error) {
    return fail(`payload: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Each picture but the first was XORed with the one before it. */
function undoXor(pictures: Uint8Array, pictureBytes: number): void {
  // Four bytes at a time where the pictures allow it; decompressed buffers start at an aligned offset.
  if (pictureBytes % 4 === 0 && pictures.byteOffset % 4 === 0) {
    const words = new Uint32Array(pictures.buffer, pictures.byteOffset, pictures.length / 4);
    const lag = pictureBytes / 4;
    for (let i = lag; i < words.length; i++) words[i] = words[i]! ^ words[i - lag]!;
  } else {
    for (let i = pictureBytes; i < pictures.length; i++)
      pictures[i] = pictures[i]! ^ pictures[i - pictureBytes]!;
  }
}

function checkIndices(pictures: Uint8Array, colours: number): void {
  if (colours === 256) return;
  let largest = 0;
  for (let i = 0; i < pictures.length; i++) if (pictures[i]! > largest) largest = pictures[i]!;
  if (largest >= colours) fail(`palette: pixel with colour ${largest}, the palette has ${colours}`);
}

function fail(why: string): never {
  throw new FrameGroupError(`frame group: ${why}`);
}
