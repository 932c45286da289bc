import { expect, it } from 'vitest';

import { DrawQueue } from './draw_queue';

/** Frames that a test makes come. */
class Frames {
  #waiting: ((now: number) => void)[] = [];
  now = 0;

  readonly next = (draw: (now: number) => void) => void this.#waiting.push(draw);

  step(ms: number): void {
    this.now += ms;
    this.#waiting.splice(0).forEach((draw) => draw(this.now));
  }
}

const charts = (count: number, cost: number, drawn: number[]) =>
  Array.from({ length: count }, (_, i) => ({ cost, draw: () => void drawn.push(i) }));

it('draws the chart under the pointer first, and others as there is room, each once', () => {
  const frames = new Frames();
  const queue = new DrawQueue(frames.next);
  const drawn: number[] = [];
  const all = charts(4, 40_000, drawn);
  queue.lead(all[2]);
  all.forEach((one) => queue.request(one));
  all.forEach((one) => queue.request(one));
  frames.step(16);
  expect(drawn).toEqual([2]);
  for (let i = 0; i < 5; i += 1) frames.step(20);
  expect(drawn).toEqual([2, 0, 1, 3]);
});

it('draws fewer a frame when frames are late, more when they are not, and always one', () => {
  const frames = new Frames();
  const queue = new DrawQueue(frames.next);
  const drawn: number[] = [];
  const all = charts(8, 9_000, drawn);
  const ask = () => all.forEach((one) => queue.request(one));
  ask();
  frames.step(16);
  const before = drawn.length;
  for (let i = 0; i < 20; i += 1) {
    ask();
    frames.step(60);
  }
  drawn.length = 0;
  ask();
  frames.step(60);
  expect(before).toBeGreaterThan(drawn.length);
  expect(drawn).toHaveLength(1);
  for (let i = 0; i < 30; i += 1) {
    ask();
    frames.step(16);
  }
  drawn.length = 0;
  ask();
  frames.step(16);
  expect(drawn).toHaveLength(8);
});

it('forgets what is gone', () => {
  const frames = new Frames();
  const queue = new DrawQueue(frames.next);
  const drawn: number[] = [];
  const [one] = charts(1, 1, drawn);
  queue.request(one);
  queue.cancel(one);
  frames.step(16);
  expect(drawn).toEqual([]);
});
