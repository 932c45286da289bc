import { ZSTDDecoder } from 'zstddec';

const decoder = new ZSTDDecoder();
let isReady = false;

/** Compiles the decoder, which takes a moment. Rejects where a browser forbids WebAssembly, with what to do. */
export async function zstdReady(): Promise<void> {
  try {
    await decoder.init();
  } catch (error) {
    throw new Error(
      `this browser does not let the decoder of pictures start (${error instanceof Error ? error.message : String(error)}); allow WebAssembly for this page`,
      { cause: error },
    );
  }
  isReady = true;
}

/**
 * Decompresses zstd data that must hold exactly `size` bytes. Throws when it does not, on damaged data, and before [`zstdReady`].
 *
 * The size in the frame's own header is checked before anything is allocated, so that a hostile frame cannot ask
 * for more than the caller expects; a frame without it is given room for `size` bytes and no more.
 */
export function zstdDecompress(data: Uint8Array, size: number): Uint8Array {
  if (!isReady) throw new Error('zstd is asked before it is ready');
  const said = contentSize(data);
  if (said !== null && said !== size) throw new Error(`expected ${size} bytes, the zstd frame holds ${said}`);
  if (size === 0) return new Uint8Array(0);
  // What is damaged, and what holds more than there is room for, comes back empty.
  const out = decoder.decode(data, size);
  if (out.length === 0) throw new Error('damaged zstd data');
  if (out.length !== size) throw new Error(`expected ${size} bytes, found ${out.length}`);
  return out;
}

/** The content size that a zstd frame header declares (RFC 8878, section 3.1.1.1), or null when it does not. */
function contentSize(data: Uint8Array): number | null {
  if (data.length < 6) throw new Error(`expected a zstd frame, found ${data.length} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (view.getUint32(0, true) !== 0xfd2fb528) throw new Error('expected a zstd frame, found other bytes');
  const descriptor = data[4]!;
  const flag = descriptor >> 6;
  const singleSegment = (descriptor >> 5) & 1;
  if (flag === 0 && !singleSegment) return null;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  const width = [1, 2, 4, 8][flag]!;
  if (data.length < at + width) throw new Error('the zstd frame ends in its header');
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true) + 256;
  if (width === 4) return view.getUint32(at, true);
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
