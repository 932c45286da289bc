import { FrameGroupError } from './frame_group';

/** One encoded group and the step of its first row. */
export interface EncodedGroup {
  first: number;
  bytes: Uint8Array;
}

const PREFIX_BYTES = 16;

/** Splits an answer of the frames route (docs/http.md, "Frame groups") into its groups, as views. */
export function splitFrameSequence(answer: Uint8Array): EncodedGroup[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  const groups: EncodedGroup[] = [];
  let at = 0;
  while (at < answer.length) {
    if (answer.length - at < PREFIX_BYTES) {
      throw new FrameGroupError(
        `frames: the answer ends within a prefix, ${answer.length - at} of ${PREFIX_BYTES} bytes`,
      );
    }
    const first = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    const bytes = view.getUint32(at + 8, true);
    if (!Number.isSafeInteger(first)) throw new FrameGroupError(`frames: first step ${first} is beyond 2^53`);
    at += PREFIX_BYTES;
    if (answer.length - at < bytes) {
      throw new FrameGroupError(
        `frames: the group at step ${first} has ${bytes} bytes, ${answer.length - at} came`,
      );
    }
    groups.push({ first, bytes: answer.subarray(at, at + bytes) });
    // The last group may come without its padding.
    at += Math.ceil(bytes / 8) * 8;
  }
  return groups;
}
