import { splitFrameSequence } from '../workers/frame_sequence';

const PREFIX_BYTES = 16;

/** The groups of an answer of the frames route that hold steps `from <= step < to`, as an answer of the same kind. */
export function framesWithin(answer: ArrayBuffer, from: number, to: number): ArrayBuffer {
  const groups = splitFrameSequence(new Uint8Array(answer));
  const wanted = groups.filter(({ first }, i) => first < to && (groups[i + 1]?.first ?? Infinity) > from);
  if (wanted.length === 0) return new ArrayBuffer(0);
  // Groups lie one after the other, each behind its prefix, and what is wanted is a stretch of them.
  const start = wanted[0]!.bytes.byteOffset - PREFIX_BYTES;
  const last = wanted.at(-1)!.bytes;
  const end = last.byteOffset + Math.ceil(last.length / 8) * 8;
  return answer.slice(start, Math.min(end, answer.byteLength));
}
