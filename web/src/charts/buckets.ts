/** Points summarised: one entry a bucket that holds points. */
export interface Buckets {
  /** x of the last point in the bucket. */
  x: Float64Array;
  /** Points in the bucket. */
  count: Uint32Array;
  /** Smallest, largest and mean finite value; NaN when there is none. */
  min: Float64Array;
  max: Float64Array;
  mean: Float64Array;
  /** Index of the last point in the bucket. */
  index: Uint32Array;
}

/**
 * At most `buckets` buckets of equal width in x over all points, empty ones left out; exact points when there are no more than that.
 * `x` ascends. The server does the same for curves of scalars; this is for columns that come whole.
 */
export function bucketed(x: Float64Array, y: Float64Array, buckets: number): Buckets {
  if (x.length <= buckets) {
    const index = Uint32Array.from(x, (_, i) => i);
    const values = Float64Array.from(y, (value) => (Number.isFinite(value) ? value : NaN));
    return { x, count: new Uint32Array(x.length).fill(1), min: values, max: values, mean: values, index };
  }
  const [first, width] = [x[0], (x[x.length - 1] - x[0]) / buckets || 1];
  const out: { x: number; count: number; min: number; max: number; mean: number; index: number }[] = [];
  let start = 0;
  while (start < x.length) {
    const bucket = Math.min(buckets - 1, Math.floor((x[start] - first) / width));
    let [end, sum, finite, min, max] = [start, 0, 0, Infinity, -Infinity];
    while (end < x.length && Math.min(buckets - 1, Math.floor((x[end] - first) / width)) === bucket) {
      const value = y[end];
      if (Number.isFinite(value)) {
        sum += value;
        finite += 1;
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
      end += 1;
    }
    const none = finite === 0;
    out.push({
      x: x[end - 1],
      count: end - start,
      min: none ? NaN : min,
      max: none ? NaN : max,
      mean: none ? NaN : sum / finite,
      index: end - 1,
    });
    start = end;
  }
  return {
    x: Float64Array.from(out, (bucket) => bucket.x),
    count: Uint32Array.from(out, (bucket) => bucket.count),
    min: Float64Array.from(out, (bucket) => bucket.min),
    max: Float64Array.from(out, (bucket) => bucket.max),
    mean: Float64Array.from(out, (bucket) => bucket.mean),
    index: Uint32Array.from(out, (bucket) => bucket.index),
  };
}
