import { expect, it } from 'vitest';

import { planesOfShape, rgbaOfPlane } from './picture_planes';

it('lies as the server takes it', () => {
  const check = (shape: number[], axis: number | null, expected: number[] | null, last: number[]) => {
    const found = planesOfShape(shape, axis);
    expect(found && [found.planes, found.height, found.width, found.channels], String(shape)).toEqual(
      expected,
    );
    if (!found) return;
    const { planes, channels, strides } = found;
    const first = (planes - 1) * strides[0] + strides[1] + 2 * strides[2];
    expect(Array.from({ length: channels }, (_, channel) => first + channel * strides[3])).toEqual(last);
  };
  check([80, 80], null, [1, 80, 80, 1], [82]);
  check([4, 84, 84], 0, [4, 84, 84, 1], [3 * 7056 + 86]);
  check([84, 84, 4], 2, [4, 84, 84, 1], [84 * 4 + 8 + 3]);
  check([10, 12, 3], null, [1, 10, 12, 3], [42, 43, 44]);
  check([3, 10, 12], null, [1, 10, 12, 3], [14, 134, 254]);
  check([2, 10, 12, 3], 0, [2, 10, 12, 3], [402, 403, 404]);
  check([8], null, null, []);
  check([2, 4], null, null, []);
});

it('paints numbers between its bounds as greys', () => {
  const planes = planesOfShape([8, 8], null)!;
  const row = new Float32Array(64).fill(-1);
  row[9] = 1;
  row[10] = 0;
  const rgba = rgbaOfPlane(row, planes, 0, [-1, 1]);
  expect([...rgba.subarray(0, 4)]).toEqual([0, 0, 0, 255]);
  expect([...rgba.subarray(36, 44)]).toEqual([255, 255, 255, 255, 128, 128, 128, 255]);
});
