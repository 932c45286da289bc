import { decodeFrameGroup, type FrameGroup } from './frame_group';
import { shrinkGroup } from './frame_shrink';
import { thumbnailOf, type Plane, type Thumbnail } from './frame_paint';
import { splitFrameSequence } from './frame_sequence';

/**
 * What the page asks of the worker. `bytes` is an answer of the frames route, given away. With a `side` pictures are shrunk to at most so
 * many pixels (`shrinkGroup`).
 */
export type DecodeRequest =
  | { kind: 'groups'; id: number; bytes: ArrayBuffer; side?: number }
  | { kind: 'thumbnail'; id: number; bytes: ArrayBuffer; step: number; plane: Plane; side: number }
  | { kind: 'cancel'; id: number };

/** What the worker answers: groups one by one as they are ready, then `done`; or a thumbnail; or why not. */
export type DecodeReply =
  | { kind: 'group'; id: number; first: number; group: FrameGroup }
  | { kind: 'done'; id: number }
  | { kind: 'thumbnail'; id: number; thumbnail: Thumbnail | null }
  | { kind: 'error'; id: number; message: string };

/** Sends a reply; the buffers in `transfer` are given away with it. */
export type Post = (reply: DecodeReply, transfer: ArrayBuffer[]) => void;

/** Lets waiting messages in, then goes on; `setTimeout` would wait 4 ms each time. */
export type Yield = (next: () => void) => void;

interface Job {
  id: number;
  /** Does one bounded piece of work; false when there is nothing left. */
  next: () => boolean;
}

/**
 * Decodes one group at a time and looks at its messages in between, so that a request which scrubbing has made
 * pointless costs at most the group being decoded. Groups go before thumbnails; among each, first come first served.
 */
export class DecodeQueue {
  private readonly groups: Job[] = [];
  private readonly thumbnails: Job[] = [];
  private running = false;

  constructor(
    private readonly post: Post,
    private readonly soon: Yield,
  ) {}

  /** Takes a message from the page. */
  take(request: DecodeRequest): void {
    if (request.kind === 'cancel') {
      this.drop(this.groups, request.id);
      this.drop(this.thumbnails, request.id);
      return;
    }
    if (request.kind === 'groups') this.groups.push(this.groupsJob(request));
    else this.thumbnails.push(this.thumbnailJob(request));
    if (!this.running) {
      this.running = true;
      this.soon(() => this.run());
    }
  }

  private run(): void {
    const queue = this.groups.length > 0 ? this.groups : this.thumbnails;
    const job = queue[0];
    if (!job) {
      this.running = false;
      return;
    }
    let more = false;
    try {
      more = job.next();
    } catch (error) {
      this.post(
        { kind: 'error', id: job.id, message: error instanceof Error ? error.message : String(error) },
        [],
      );
    }
    if (!more) this.drop(queue, job.id);
    this.soon(() => this.run());
  }

  private groupsJob({ id, bytes, side }: { id: number; bytes: ArrayBuffer; side?: number }): Job {
    let encoded: ReturnType<typeof splitFrameSequence> | null = null;
    let at = 0;
    const next = (): boolean => {
      encoded ??= splitFrameSequence(new Uint8Array(bytes));
      const one = encoded[at++];
      if (!one) {
        this.post({ kind: 'done', id }, []);
        return false;
      }
      const whole = decodeFrameGroup(one.bytes);
      const group = side === undefined ? whole : shrinkGroup(whole, side);
      this.post({ kind: 'group', id, first: one.first, group }, buffersOf(group));
      return true;
    };
    return { id, next };
  }

  private thumbnailJob(request: Extract<DecodeRequest, { kind: 'thumbnail' }>): Job {
    const { id, bytes, step, plane, side } = request;
    const next = (): boolean => {
      let thumbnail: Thumbnail | null = null;
      for (const { first, bytes: encoded } of splitFrameSequence(new Uint8Array(bytes))) {
        if (step < first) continue;
        const group = decodeFrameGroup(encoded);
        if (step < first + group.count) thumbnail = thumbnailOf(group, step - first, plane, side);
      }
      this.post(
        { kind: 'thumbnail', id, thumbnail },
        thumbnail ? [thumbnail.rgba.buffer as ArrayBuffer] : [],
      );
      return false;
    };
    return { id, next };
  }

  private drop(queue: Job[], id: number): void {
    const at = queue.findIndex((job) => job.id === id);
    if (at >= 0) queue.splice(at, 1);
  }
}

function buffersOf(group: FrameGroup): ArrayBuffer[] {
  const parts = [group.pictures, group.palette, group.planes];
  return parts.flatMap((part) => (part ? [part.buffer as ArrayBuffer] : []));
}
