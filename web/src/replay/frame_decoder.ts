import type { DecodeReply, DecodeRequest } from '../workers/decode_queue';
import type { FrameGroup } from '../workers/frame_group';
import type { Plane, Thumbnail } from '../workers/frame_paint';

/** The part of a `Worker` that is used, so that tests can stand in for it. */
export interface DecodePort {
  postMessage(request: DecodeRequest, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<DecodeReply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

interface Pending {
  ongroup: (first: number, group: FrameGroup) => void;
  resolve: (thumbnail: Thumbnail | null) => void;
  reject: (error: Error) => void;
}

/** Promises over the decoding worker. A request whose signal aborts is dropped there and rejects with its reason. */
export class FrameDecoder {
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private broken: Error | null = null;

  constructor(private readonly port: DecodePort) {
    port.onmessage = (event) => this.settle(event.data);
    port.onerror = (event) => {
      this.broken = new Error(
        `the frame worker stopped: ${event.message || 'no reason given'}; reload the page`,
      );
      for (const one of this.pending.values()) one.reject(this.broken);
      this.pending.clear();
    };
  }

  /**
   * Decodes an answer of the frames route; each group is handed over as soon as it is ready. Takes `bytes`. Large pictures are shrunk to
   * `side` pixels where one is given.
   */
  async groups(
    bytes: ArrayBuffer,
    ongroup: Pending['ongroup'],
    signal?: AbortSignal,
    side?: number,
  ): Promise<void> {
    await this.ask((id) => ({ kind: 'groups', id, bytes, side }), bytes, ongroup, signal);
  }

  /** A small picture of one step, or null when the answer does not hold that step. Takes `bytes`. */
  thumbnail(
    bytes: ArrayBuffer,
    at: { step: number; plane: Plane; side: number },
    signal?: AbortSignal,
  ): Promise<Thumbnail | null> {
    return this.ask(
      (id) => ({ kind: 'thumbnail', id, bytes, ...at }),
      bytes,
      () => undefined,
      signal,
    );
  }

  private ask(
    request: (id: number) => DecodeRequest,
    bytes: ArrayBuffer,
    ongroup: Pending['ongroup'],
    signal?: AbortSignal,
  ): Promise<Thumbnail | null> {
    if (this.broken) return Promise.reject(this.broken);
    if (signal?.aborted) return Promise.reject(asError(signal.reason));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { ongroup, resolve, reject });
      signal?.addEventListener('abort', () => this.cancel(id, asError(signal.reason)), { once: true });
      this.port.postMessage(request(id), [bytes]);
    });
  }

  private cancel(id: number, reason: Error): void {
    const one = this.pending.get(id);
    if (!one) return;
    this.pending.delete(id);
    this.port.postMessage({ kind: 'cancel', id }, []);
    one.reject(reason);
  }

  private settle(reply: DecodeReply): void {
    const one = this.pending.get(reply.id);
    if (!one) return;
    if (reply.kind === 'group') {
      one.ongroup(reply.first, reply.group);
      return;
    }
    this.pending.delete(reply.id);
    if (reply.kind === 'error') one.reject(new Error(reply.message));
    else one.resolve(reply.kind === 'thumbnail' ? reply.thumbnail : null);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException('cancelled', 'AbortError');
}
