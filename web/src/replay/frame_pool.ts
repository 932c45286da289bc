import FrameWorker from '../workers/frame_worker?worker';
import { FrameCache } from './frame_cache';
import { FrameDecoder } from './frame_decoder';

/** Bytes of decoded frames that Replay keeps, over all episodes. */
const FRAME_BYTES_MAX = 96 * 1024 * 1024;

/** The worker that decodes frames, and the frames it decoded: going back to an episode finds them. */
export class FramePool {
  readonly cache: FrameCache;
  readonly decoder: FrameDecoder;
  /** Which picture of a run was looked at last: the best guess for its next episode. */
  readonly imageOfRun = new Map<string, string>();

  readonly #worker = new FrameWorker({ name: 'frames' });

  constructor(bytesMax: number) {
    this.cache = new FrameCache(bytesMax);
    this.decoder = new FrameDecoder(this.#worker);
  }

  /** Ends the worker. */
  close(): void {
    this.#worker.terminate();
  }
}

let shared: FramePool | null = null;

/** The pool of Replay. The first call starts the worker, which takes a moment: ask for it early. */
export function framePool(): FramePool {
  return (shared ??= new FramePool(FRAME_BYTES_MAX));
}
