import { expect, it } from 'vitest';

import { bucketed } from './buckets';

it('keeps few points exact', () => {
  const points = bucketed(Float64Array.of(1, 2), Float64Array.of(5, Infinity), 2);
  expect([...points.x, ...points.mean, ...points.count, ...points.index]).toEqual([1, 2, 5, NaN, 1, 1, 0, 1]);
});

it('loses no extreme, no point and no order when there are many', () => {
  const count = 10_000;
  const x = Float64Array.from({ length: count }, (_, i) => i + (i > 5000 ? 70_000 : 0));
  const y = Float64Array.from({ length: count }, (_, i) => (i === 777 ? 99 : i === 5001 ? NaN : Math.sin(i)));
  const points = bucketed(x, y, 100);
  expect(points.x.length).toBeLessThanOrEqual(100);
  expect(points.count.reduce((sum, n) => sum + n)).toBe(count);
  expect(Math.max(...points.max)).toBe(99);
  expect([...points.x]).toEqual([...points.x].sort((a, b) => a - b));
  for (let i = 0; i < points.x.length; i += 1) {
    expect(points.x[i]).toBe(x[points.index[i]]);
    expect(points.min[i]).toBeLessThanOrEqual(points.mean[i]);
    expect(points.mean[i]).toBeLessThanOrEqual(points.max[i]);
  }
});

it('says of a bucket without numbers that it has none', () => {
  const points = bucketed(Float64Array.of(0, 0.1, 10), Float64Array.of(NaN, Infinity, 3), 2);
  expect([points.mean[0], points.min[0], points.count[0], points.mean[1]]).toEqual([NaN, NaN, 2, 3]);
});
