/**
 * A fair sample of `count` points: one of every `every` in a row, each time another of them, so that what comes again and again in the
 * order of points (a gait, a lap) is not met always at the same place. The same for the same numbers; null for all points.
 */
export function sampleOf(count: number, every: number): Uint32Array | null {
  if (every <= 1) return null;
  const sample = new Uint32Array(Math.ceil(count / every));
  let state = 0x9e3779b9;
  for (let k = 0; k < sample.length; k++) {
    // xorshift32 (Marsaglia, 2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const from = k * every;
    sample[k] = from + ((state >>> 0) % Math.min(every, count - from));
  }
  return sample;
}
