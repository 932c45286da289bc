import { describe, expect, it } from 'vitest';

import {
  cameraAtRest,
  cameraOfText,
  extentOf,
  panned,
  pixelOf,
  project,
  projectionOf,
  textOfCamera,
  turned,
  zoomed,
} from './cloud_camera';
import { boxPolygon, isInside, pointsInside } from './cloud_lasso';
import { markAt, roomOf } from './cloud_marks';
import { countVisible, DOTS_MAX, paintCloud } from './cloud_paint';
import { CloudPixels } from './cloud_pixels';
import { blend, canMove, DIM, GONE, MARKED, middleOf, PLAIN, type CloudLook } from './cloud_points';
import { sampleOf } from './cloud_sample';
import { spreadOf } from './cloud_spread';

const SIZE = { width: 400, height: 200 };
const random = (seed: number) => () => (seed = (seed * 48271) % 2147483647) / 2147483647;

function pixels(camera = cameraAtRest(2), dims: 2 | 3 = 2, equal = true) {
  const x = Float32Array.of(-2, 2, 0, NaN);
  const y = Float32Array.of(-1, 1, 0, 1);
  const z = dims === 3 ? Float32Array.of(0, 0, 1, 0) : null;
  const [px, py, depth] = [new Float32Array(4), new Float32Array(4), new Float32Array(4)];
  project(projectionOf(camera, extentOf([x, y, z]), SIZE, dims, equal), x, y, z, px, py, depth);
  return { px, py, depth };
}

describe('camera of a cloud', () => {
  it('shows all points at first, up is up, and one unit is as long on each axis', () => {
    const { px, py } = pixels();
    expect(px[2]).toBeCloseTo(200, 3);
    expect(py[2]).toBeCloseTo(100, 3);
    expect(py[1]).toBeLessThan(py[0]);
    for (const at of px.slice(0, 3)) expect(at > 0 && at < 400).toBe(true);
    for (const at of py.slice(0, 3)) expect(at > 0 && at < 200).toBe(true);
    expect((px[1] - px[0]) / 4).toBeCloseTo((py[0] - py[1]) / 2, 3);
    expect(px[3]).toBeNaN();
    const wide = pixels(cameraAtRest(2), 2, false);
    expect(wide.px[1] - wide.px[0]).toBeCloseTo(0.92 * 400, 3);
    expect(wide.py[0] - wide.py[1]).toBeCloseTo(0.92 * 200, 3);
  });

  it('keeps what is under the pointer there while it enlarges', () => {
    const before = pixels();
    const [dx, dy] = [before.px[1] - 200, before.py[1] - 100];
    const camera = zoomed(panned(cameraAtRest(2), 0, 0, 200), 3, dx, dy, 200);
    const after = pixels(camera);
    expect(after.px[1]).toBeCloseTo(before.px[1], 2);
    expect(after.py[1]).toBeCloseTo(before.py[1], 2);
    expect(after.px[1] - after.px[0]).toBeCloseTo(3 * (before.px[1] - before.px[0]), 1);
    expect(pixels(panned(camera, 7, -4, 200)).px[0]).toBeCloseTo(after.px[0] + 7, 2);
    expect(zoomed(camera, 1e12, 0, 0, 200).zoom).toBeLessThan(1e6);
  });

  it('turns a body without stretching it', () => {
    const length = ({ px, py, depth }: ReturnType<typeof pixels>) =>
      Math.hypot(px[1] - px[2], py[1] - py[2], depth[1] - depth[2]);
    let camera = cameraAtRest(3);
    const before = length(pixels(camera, 3));
    for (const [dx, dy] of [
      [40, 0],
      [-3, 90],
      [200, 200],
    ])
      camera = turned(camera, dx, dy, 200);
    expect(length(pixels(camera, 3))).toBeCloseTo(before, 2);
    expect(Math.hypot(...camera.turn)).toBeCloseTo(1, 9);
    // Pushed to the right, the front goes to the right.
    const straight = { ...cameraAtRest(3), turn: [1, 0, 0, 0] as const };
    const front = pixels(straight, 3);
    expect(pixels(turned(straight, 20, 0, 200), 3).px[2]).toBeGreaterThan(front.px[2]);
  });

  it('is written into the address and read again, and nothing odd is', () => {
    const camera = turned(zoomed(cameraAtRest(3), 2.5, 10, -20, 200), 30, 12, 200);
    const again = cameraOfText(textOfCamera(camera, 3), 3)!;
    expect(again.zoom).toBeCloseTo(camera.zoom, 3);
    again.turn.forEach((part, i) => expect(part).toBeCloseTo(camera.turn[i], 3));
    for (const odd of ['', '1', '1,2', 'a,b,c', '0,0,0', '1,2,3,4', '1,,2', '1e99,0,0', null]) {
      expect(cameraOfText(odd, 2), String(odd)).toBeNull();
    }
    expect(cameraOfText('2,0.1,-3', 2)).toMatchObject({ zoom: 2, x: 0.1, y: -3 });
    expect(cameraOfText('1,0,0,0,0,0,0', 3)).toBeNull();
  });

  it('has an extent of nothing, and of one point', () => {
    expect(extentOf([new Float32Array(0), Float32Array.of(NaN), null]).half).toEqual([0.5, 0.5, 0.5]);
    expect(extentOf([Float32Array.of(3, Infinity), Float32Array.of(1, 5)])).toEqual({
      middle: [3, 3, 0],
      half: [0.5, 2, 0.5],
    });
  });
});

describe('a sample with room for pictures', () => {
  const n = 20_000;
  const next = random(11);
  const x = Float32Array.from({ length: n }, () => next() * next());
  const y = Float32Array.from({ length: n }, () => next());
  const room = { width: 50, height: 40, most: 150 };
  const of = (camera = cameraAtRest(2), most = room.most, counts: ((i: number) => boolean) | null = null) => {
    const projection = projectionOf(camera, extentOf([x, y, null]), SIZE, 2, false);
    const [px, py] = [new Float32Array(n), new Float32Array(n)];
    project(projection, x, y, null, px, py, null);
    const anchor = pixelOf(projection, { x: Float32Array.of(0.5), y: Float32Array.of(0.5), z: null }, 0);
    const view = { ...SIZE, anchor, zoom: camera.zoom };
    return { px, py, points: spreadOf(px, py, view, { ...room, most }, counts) };
  };

  it('has no two pictures that overlap, and as many as half of what could stand', () => {
    const { px, py, points } = of();
    for (const a of points)
      for (const b of points)
        if (a !== b) {
          const apart = Math.abs(px[a] - px[b]) >= room.width || Math.abs(py[a] - py[b]) >= room.height;
          expect(apart, `${a} and ${b}`).toBe(true);
        }
    expect(points.length).toBeGreaterThan(0.5 * ((SIZE.width * SIZE.height) / (room.width * room.height)));
    expect(of(undefined, 7).points).toEqual(points.slice(0, 7));
    expect(of(undefined, 150, (i) => i % 2 === 0).points.every((i) => i % 2 === 0)).toBe(true);
    expect(of(undefined, 150, () => false).points).toEqual([]);
  });

  it('stays while the picture is moved, but for what comes in and goes out', () => {
    const before = of();
    const after = of(panned(cameraAtRest(2), 33, -21, SIZE.height));
    const inner = (at: ReturnType<typeof of>, i: number) =>
      Math.abs(at.px[i] - 200) < 100 && Math.abs(at.py[i] - 100) < 40;
    const kept = before.points.filter((i) => inner(before, i));
    expect(kept.length).toBeGreaterThan(3);
    for (const point of kept) expect(after.points).toContain(point);
  });

  it('shows more of a part of the map when that is enlarged, at any zoom', () => {
    const middle = (at: ReturnType<typeof of>) =>
      at.points.filter((i) => Math.abs(x[i] - 0.5) < 0.1 && Math.abs(y[i] - 0.5) < 0.1).length;
    let last = -1;
    for (const zoom of [0.5, 1, 2, 4]) {
      const now = middle(of({ ...cameraAtRest(2), zoom }));
      expect(now, `at ${zoom}`).toBeGreaterThanOrEqual(last);
      last = now;
    }
    expect(last).toBeGreaterThan(10);
  });

  it('is fair within a cell: each of its points is as likely', () => {
    // Twelve maps of 1,000 points at one place each: the one that is taken is now early, now late.
    const taken = Array.from({ length: 12 }, (_, at) => {
      const px = new Float32Array(1000 * (at + 1)).fill(NaN);
      px.fill(50, 1000 * at);
      const view = { width: 100, height: 100, anchor: { x: 0, y: 0 }, zoom: 1 };
      const [point] = spreadOf(px, new Float32Array(px.length).fill(50), view, room, null);
      return (point - 1000 * at) / 1000;
    });
    const mean = taken.reduce((sum, part) => sum + part, 0) / taken.length;
    expect(mean).toBeGreaterThan(0.2);
    expect(mean).toBeLessThan(0.8);
    expect(new Set(taken).size).toBe(12);
  });
});

describe('marks', () => {
  const marks = {
    side: 40,
    words: false,
    picture: () => ({ width: 80, height: 40 }) as never,
    word: () => '',
  };

  it('take room for pictures, for words, and for both', () => {
    const [picture, word, both] = [
      roomOf({ side: 40, words: false }),
      roomOf({ side: 0, words: true }),
      roomOf({ side: 40, words: true }),
    ];
    expect([picture.width, picture.most]).toEqual([46, 150]);
    expect(word.width).toBeGreaterThan(2 * word.height);
    expect(both.height).toBeGreaterThan(picture.height);
  });

  it('are pointed at where their picture covers the pixel', () => {
    const at = (point: number) => ({ x: 100 * point, y: 50 });
    expect(markAt([1, 2], marks, at, { x: 119, y: 41 })).toBe(1);
    expect(markAt([1, 2], marks, at, { x: 119, y: 39 })).toBeNull();
    expect(markAt([1, 2], { ...marks, picture: () => null }, at, { x: 100, y: 50 })).toBeNull();
    expect(markAt([1, 2], { ...marks, side: 0 }, at, { x: 100, y: 50 })).toBeNull();
  });
});

describe('lasso', () => {
  it('finds what the even-odd rule says, also of a polygon with a dent', () => {
    const dented = [0, 0, 10, 0, 10, 10, 5, 2, 0, 10];
    expect(isInside(dented, 1, 5)).toBe(true);
    expect(isInside(dented, 5, 8)).toBe(false);
    expect(isInside(dented, 5, 1)).toBe(true);
    expect(isInside(dented, 11, 1)).toBe(false);
    const px = Float32Array.of(1, 5, 5, NaN, 9);
    const py = Float32Array.of(5, 8, 1, 1, 5);
    expect([...pointsInside(dented, px, py, () => true)]).toEqual([0, 2, 4]);
    expect([...pointsInside(dented, px, py, (i) => i !== 2)]).toEqual([0, 4]);
    expect([...pointsInside(boxPolygon(6, 0, 2, 9), px, py, () => true)]).toEqual([1, 2]);
    expect([...pointsInside([], px, py, () => true)]).toEqual([]);
  });
});

describe('picture of a cloud', () => {
  const palette = Uint8Array.of(255, 0, 0, 0, 0, 255);
  const raster = (width = 40, height = 20) => ({
    data: new Uint8ClampedArray(width * height * 4),
    width,
    height,
  });
  const LOOK: CloudLook = { palette, colour: null, alpha: null, size: null, stand: null };
  const at = ({ data, width }: ReturnType<typeof raster>, x: number, y: number) => [
    ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
  ];

  it('draws dots while there are few, and leaves out what is gone or has no place', () => {
    const made = raster();
    const px = Float32Array.of(10.5, 20.5, 30.5, NaN, 500);
    const py = Float32Array.of(10.5, 10.5, 10.5, 10, 10);
    const stand = Uint8Array.of(PLAIN, GONE, MARKED, PLAIN, PLAIN);
    const look = { ...LOOK, colour: Uint8Array.of(0, 0, 1, 0, 0), stand };
    const painted = paintCloud(made, px, py, null, look, [255, 255, 255], 1);
    expect(painted).toMatchObject({ visible: 2, density: false });
    expect(at(made, 10, 10)[0]).toBe(255);
    expect(at(made, 10, 10)[1]).toBeLessThan(80);
    expect(at(made, 20, 10)).toEqual([255, 255, 255, 255]);
    expect(at(made, 30, 10)).toEqual([0, 0, 255, 255]);
    expect(at(made, 39, 0)).toEqual([255, 255, 255, 255]);
  });

  it('dims what is dim, and what is transparent', () => {
    const made = raster();
    const [px, py] = [Float32Array.of(5.5, 20.5, 35.5), Float32Array.of(10.5, 10.5, 10.5)];
    const look = { ...LOOK, stand: Uint8Array.of(DIM, PLAIN, PLAIN), alpha: Uint8Array.of(255, 255, 60) };
    paintCloud(made, px, py, null, look, [255, 255, 255], 1);
    const whiteness = [5, 20, 35].map((x) => at(made, x, 10)[1]);
    expect(whiteness[0]).toBeGreaterThan(whiteness[2]);
    expect(whiteness[2]).toBeGreaterThan(whiteness[1]);
  });

  it('paints nearer points over farther ones', () => {
    const made = raster();
    const [px, py] = [Float32Array.of(20.5, 20.5), Float32Array.of(10.5, 10.5)];
    for (const nearer of [0, 1]) {
      const depth = Float32Array.of(nearer === 0 ? 1 : -1, 0);
      paintCloud(made, px, py, depth, { ...LOOK, colour: Uint8Array.of(0, 1) }, [255, 255, 255], 1);
      const [red, , blue] = at(made, 20, 10);
      expect(red > blue).toBe(nearer === 0);
    }
  });

  it('shades by density beyond, in the mean of the colours, within a frame for a million points', () => {
    const next = random(11);
    const n = 1_000_000;
    const px = Float32Array.from({ length: n }, () => next() * 600);
    const py = Float32Array.from({ length: n }, () => next() * 300);
    const colour = Uint8Array.from({ length: n }, (_, i) => (px[i] < 300 ? 0 : 1));
    const made = raster(600, 300);
    const look = { ...LOOK, colour };
    const draw = () => paintCloud(made, px, py, null, look, [255, 255, 255], 1);
    const painted = draw();
    const rough = { ...made, data: new Uint8ClampedArray(made.data.length) };
    expect(paintCloud(rough, px, py, null, look, [255, 255, 255], 1, sampleOf(n, 8))?.visible).toBe(n);
    // A rough picture is like the whole one, a little less smooth.
    for (const [x, y] of [
      [100, 100],
      [500, 200],
    ]) {
      at(rough, x, y).forEach((part, i) => expect(Math.abs(part - at(made, x, y)[i])).toBeLessThan(130));
    }
    const few = [px.subarray(0, 1000), py.subarray(0, 1000)] as const;
    expect(paintCloud(rough, ...few, null, LOOK, [255, 255, 255], 1, sampleOf(1000, 8))).toBeNull();
    // Time of the processor, not of the clock, and the best of some: others use the machine too.
    const took = Math.min(
      ...Array.from({ length: 3 }, () => {
        const before = process.cpuUsage();
        draw();
        return process.cpuUsage(before).user / 1000;
      }),
    );
    expect(painted).toMatchObject({ visible: n, density: true });
    expect(n).toBeGreaterThan(DOTS_MAX);
    const [left, right] = [at(made, 100, 100), at(made, 500, 100)];
    expect(left[0]).toBeGreaterThan(left[2] + 100);
    expect(right[2]).toBeGreaterThan(right[0] + 100);
    // Ten times what a quiet machine takes.
    expect(took).toBeLessThan(600);
  }, 60_000);

  it('counts what is in the picture', () => {
    const px = Float32Array.of(1, 2, 3, -1, NaN);
    const stand = Uint8Array.of(PLAIN, DIM, GONE, PLAIN, PLAIN);
    expect(countVisible(px, px, stand, 10, 10)).toEqual({ all: 2, plain: 1 });
    expect(countVisible(px, px, null, 10, 10)).toEqual({ all: 3, plain: 3 });
  });

  it('moves from layout to layout, past what has no place', () => {
    const out = new Float32Array(3);
    blend(Float32Array.of(0, NaN, 1), Float32Array.of(10, 4, NaN), 0.25, out);
    expect([...out]).toEqual([2.5, 4, NaN]);
    const flat = { x: out, y: out, z: null };
    expect(canMove(flat, { ...flat, z: out })).toBe(false);
    expect(canMove(null, flat)).toBe(false);
    expect(canMove(flat, flat)).toBe(true);
    expect(
      middleOf({ x: Float32Array.of(0, 4, NaN), y: Float32Array.of(2, 2, 2), z: null }, [0, 1, 2]),
    ).toEqual({ x: 2, y: 2, z: 0 });
    expect(middleOf(flat, [2])).toBeNull();
  });
});

describe('sample of a cloud', () => {
  it('has one of every so many, anywhere among them, also of what comes again and again', () => {
    expect(sampleOf(1000, 1)).toBeNull();
    const sample = sampleOf(1003, 10)!;
    expect(sample.length).toBe(101);
    sample.forEach((point, k) => expect(Math.floor(point / 10)).toBe(k));
    expect(sample.at(-1)).toBeLessThan(1003);
    expect([...sampleOf(1003, 10)!]).toEqual([...sample]);
    // Every tenth point of a lap of ten would be the same place of the lap.
    const laps = new Array<number>(10).fill(0);
    for (const point of sampleOf(100_000, 10)!) laps[point % 10] += 1;
    for (const count of laps) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('is drawn while the picture moves; what is asked of points is answered for all', () => {
    const n = 4000;
    const x = Float32Array.from({ length: n }, (_, i) => i % 100);
    const y = Float32Array.from({ length: n }, (_, i) => Math.floor(i / 100));
    const places = { x, y, z: null };
    const projection = projectionOf(cameraAtRest(2), extentOf([x, y, null]), SIZE, 2, false);
    const pixels = new CloudPixels();
    pixels.arrange(places, projection, 8);
    expect(pixels.sample).toHaveLength(500);
    const at = pixelOf(projection, places, 1234);
    expect(pixels.near(at.x, at.y, SIZE, null)).toBe(1234);
    expect(pixels.sample).toBeNull();
    expect(pixels.near(at.x, at.y, SIZE, (point) => point !== 1234)).not.toBe(1234);
    pixels.arrange(places, projection, 8);
    expect(pixels.inside([0, 0, SIZE.width, 0, SIZE.width, SIZE.height, 0, SIZE.height], null)).toHaveLength(
      n,
    );
    const view = { ...SIZE, anchor: { x: 200, y: 100 }, zoom: 1 };
    expect(pixels.spread(view, { width: 1000, height: 1000, most: 10 }, null)).toHaveLength(1);
    expect(pixelOf(projection, { x: Float32Array.of(NaN), y, z: null }, 0).x).toBeNaN();
  });
});
