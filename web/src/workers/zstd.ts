import { Decompress, decompress } from 'fzstd';

/**
 * Decompresses one zstd frame that must hold exactly `size` bytes. Throws when it does not, and on damaged data.
 *
 * The size in the frame's own header is checked before anything is allocated, so that a hostile frame cannot ask
 * for more than the caller expects. Frames without it are decompressed in pieces and counted.
 */
export function zstdDecompress(data: Uint8Array, size: number): Uint8Array {
  const said = contentSize(data);
  if (said !== null && said !== size) throw new Error(`expected ${size} bytes, the zstd frame holds ${said}`);
  const out = new Uint8Array(size);
  try {
    if (said === null) collect(data, out);
    else if (decompress(data, out) !== out) throw new Error('more than one zstd frame');
  } catch (error) {
    throw new Error(`damaged zstd data: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return out;
}

function collect(data: Uint8Array, out: Uint8Array): void {
  let at = 0;
  const stream = new Decompress((piece) => {
    if (at + piece.length > out.length) throw new Error(`more than the ${out.length} bytes expected`);
    out.set(piece, at);
    at += piece.length;
  });
  stream.push(data, true);
  if (at !== out.length) throw new Error(`expected ${out.length} bytes, found ${at}`);
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
