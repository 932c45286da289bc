import { decodeColumns, type Columns } from './columns';
import { ApiError } from './source';
import type { ErrorBody } from './wire';

/** Longest part that is read: a million points in three dimensions with room to spare. */
export const PART_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes before each part: how long it is. */
const HEAD = 4;

/**
 * Reads `application/x-ethogram-parts` (`docs/http.md`, "Maps"): bodies of columns one after the other, each told as soon as it is whole.
 * `onpart` may be slow: what comes meanwhile waits. Throws `ApiError` when a part says that the work failed, when the stream breaks off
 * inside of a part, and when a part is longer than [`PART_BYTES_MAX`].
 */
export async function readParts(
  stream: ReadableStream<Uint8Array>,
  onpart: (part: Columns) => void,
): Promise<void> {
  const reader = stream.getReader();
  const bytes = new Waiting();
  let length: number | null = null;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (value) bytes.add(value);
      for (;;) {
        if (length === null) {
          if (bytes.length < HEAD) break;
          length = new DataView(bytes.take(HEAD)).getUint32(0, true);
          if (length > PART_BYTES_MAX) throw brokenOff(`a part of ${length} bytes is longer than allowed`);
        }
        if (bytes.length < length) break;
        const part = decodeColumns(bytes.take(length));
        length = null;
        if (part.header.part === 'error') throw new ApiError(500, errorOf(part.header));
        onpart(part);
      }
      if (!done) continue;
      if (length !== null || bytes.length > 0) throw brokenOff('the answer broke off before its end');
      return;
    }
  } finally {
    // Whoever does not read on does not want the rest.
    void reader.cancel().catch(() => undefined);
  }
}

function errorOf({ code, message, hint }: Record<string, unknown>): ErrorBody {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    code: text(code) ?? 'failed',
    message: text(message) ?? 'the server failed without saying why',
    hint: text(hint),
  } as ErrorBody;
}

function brokenOff(message: string): ApiError {
  return new ApiError(0, { code: 'cut_off', message, hint: 'is `ethogram serve` still running? Ask again.' });
}

/** Bytes that have come and are not read yet. */
class Waiting {
  length = 0;
  #chunks: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** The first `count` bytes, which must be there, in memory of their own. */
  take(count: number): ArrayBuffer {
    const taken = new Uint8Array(count);
    let at = 0;
    let used = 0;
    while (at < count) {
      const chunk = this.#chunks[used];
      const part = chunk.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === chunk.length) used += 1;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks.splice(0, used);
    this.length -= count;
    return taken.buffer;
  }
}
