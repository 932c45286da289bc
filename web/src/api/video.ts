import { ApiError } from './source';
import type { ErrorBody } from './wire';

/** What is filmed and how; left out: as the server does it. `docs/http.md` describes each. */
export interface VideoOptions {
  format: 'mp4' | 'gif';
  /** First step, and the first that is left out. */
  from?: number;
  to?: number;
  fps?: number;
  picture?: string;
  bars?: string;
  layout?: 'side' | 'below';
  axis?: 'fixed' | 'auto';
  scale?: number;
  overlay?: string;
  target?: string;
  checkpoint?: number;
  opacity?: number;
  blend?: string;
  colours?: string;
  sign?: string;
  outliers?: number;
}

/** How far a film is, in frames. */
export interface VideoProgress {
  done: number;
  frames: number;
}

/** Bytes before each part's own: frames done, frames, kind, bytes. */
const HEAD = 16;
const FILE = 0;
const END = 1;
const ERROR = 2;

const TYPES = { mp4: 'video/mp4', gif: 'image/gif' } as const;

/**
 * Reads a film in parts (`docs/http.md`, "Films") to its end. Throws `ApiError` when the server says that it failed, or when the stream
 * ends before the film does.
 */
export function readVideo(
  stream: ReadableStream<Uint8Array>,
  format: VideoOptions['format'],
  onprogress: (progress: VideoProgress) => void,
): Promise<Blob> {
  return readFileParts(stream, { type: TYPES[format], name: 'film' }, onprogress);
}

/** Reads a file of any kind that is sent in such parts; `name` is what it is called where it breaks off. Throws as [`readVideo`]. */
export async function readFileParts(
  stream: ReadableStream<Uint8Array>,
  { type, name }: { type: string; name: string },
  onprogress: (progress: VideoProgress) => void,
): Promise<Blob> {
  const cutOff: ErrorBody = {
    code: 'cut_off',
    message: `the ${name} broke off before its end`,
    hint: 'is `ethogram serve` still running? Save it again.',
  };
  const file: Uint8Array<ArrayBuffer>[] = [];
  let rest: Uint8Array = new Uint8Array();
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new ApiError(0, cutOff);
      rest = joined(rest, value);
      while (rest.length >= HEAD) {
        const view = new DataView(rest.buffer, rest.byteOffset, HEAD);
        const [frames, all, kind, bytes] = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
        if (rest.length < HEAD + bytes) break;
        const body = rest.slice(HEAD, HEAD + bytes);
        rest = rest.subarray(HEAD + bytes);
        onprogress({ done: frames, frames: all });
        if (kind === END) return new Blob(file, { type });
        if (kind === ERROR) throw new ApiError(500, JSON.parse(new TextDecoder().decode(body)) as ErrorBody);
        if (kind !== FILE)
          throw new ApiError(0, { ...cutOff, message: `a part of the ${name} is of kind ${kind}` });
        if (bytes > 0) file.push(body);
      }
    }
  } finally {
    // Whoever does not read on does not want the rest.
    void reader.cancel().catch(() => undefined);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
