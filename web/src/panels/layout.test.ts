import { describe, expect, it } from 'vitest';

import {
  bounded,
  COLUMNS,
  freshId,
  nudged,
  reshaped,
  settled,
  movedTo,
  shifted,
  withoutPanel,
  withPanel,
  type Layout,
  type Panel,
} from './layout';

function panel(id: string, x: number, y: number, w: number, h: number): Panel {
  return { id, kind: 'text', title: '', box: { x, y, w, h }, spec: {} };
}
const shape = (layout: Layout) =>
  layout.map(({ id, box }) => `${id}@${box.x},${box.y} ${box.w}x${box.h}`).join(' ');

/** Two panels side by side, and a wide one below. */
const THREE: Layout = [panel('a', 0, 0, 6, 4), panel('b', 6, 0, 6, 4), panel('c', 0, 4, 12, 3)];

describe('settled', () => {
  it('pushes apart what overlaps and pulls up what hangs in the air', () => {
    expect(shape(settled([panel('a', 0, 5, 6, 4), panel('b', 0, 6, 6, 4)]))).toBe('a@0,0 6x4 b@0,4 6x4');
  });

  it('never leaves two panels on one place, whatever they were told', () => {
    let state = 1;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 50; round += 1) {
      const panels = Array.from({ length: 12 }, (_, i) =>
        panel(`p${i}`, random(14) - 1, random(20), random(14), random(9)),
      );
      const cells = new Set<string>();
      for (const { box } of settled(panels)) {
        expect(box.x >= 0 && box.x + box.w <= COLUMNS && box.y >= 0).toBe(true);
        for (let x = box.x; x < box.x + box.w; x += 1) {
          for (let y = box.y; y < box.y + box.h; y += 1) {
            expect(cells.has(`${x},${y}`)).toBe(false);
            cells.add(`${x},${y}`);
          }
        }
      }
    }
  });
});

describe('reshaped and nudged', () => {
  it('changes places with the panel above and below', () => {
    expect(shape(nudged(THREE, 'c', 'up'))).toBe('c@0,0 12x3 a@0,3 6x4 b@6,3 6x4');
    expect(shape(nudged(THREE, 'a', 'down'))).toBe('b@6,0 6x4 c@0,4 12x3 a@0,7 6x4');
    expect(nudged(THREE, 'a', 'up')).toBe(THREE);
    expect(nudged(THREE, 'c', 'down')).toBe(THREE);
  });

  it('drops where it was let go, past the middle of the one below', () => {
    const [top, below] = [panel('a', 0, 0, 6, 4), panel('b', 0, 4, 6, 4)];
    expect(shape(reshaped([top, below], 'a', { ...top.box, y: 1 }))).toBe('a@0,0 6x4 b@0,4 6x4');
    expect(shape(reshaped([top, below], 'a', { ...top.box, y: 3 }))).toBe('b@0,0 6x4 a@0,4 6x4');
  });

  it('makes room when a panel grows', () => {
    expect(shape(reshaped(THREE, 'a', { x: 0, y: 0, w: 7, h: 4 }))).toBe('a@0,0 7x4 b@6,4 6x4 c@0,8 12x3');
    expect(shape(nudged(nudged(THREE, 'b', 'left'), 'b', 'left'))).toContain('b@');
  });
});

it('adds beside what stands last, else below, and closes the gap of what is removed', () => {
  const added = withPanel([panel('a', 0, 0, 6, 4)], { id: 'n', kind: 'text', title: '', spec: {} }, [6, 4]);
  expect(shape(added)).toBe('a@0,0 6x4 n@6,0 6x4');
  expect(shape(withPanel(THREE, { id: 'n', kind: 'text', title: '', spec: {} }, [4, 3]))).toContain(
    'n@0,7 4x3',
  );
  expect(shape(withoutPanel(withoutPanel(THREE, 'a'), 'b'))).toBe('c@0,0 12x3');
  expect(freshId([panel('p2', 0, 0, 2, 3)])).toBe('p3');
});

it('puts a panel before or after its neighbour in reading order', () => {
  // Side by side, each keeps its size.
  const pair = [panel('a', 0, 0, 4, 4), panel('b', 4, 0, 8, 4), panel('c', 0, 4, 12, 3)];
  expect(shape(shifted(pair, 'a', 1))).toBe('b@0,0 8x4 a@8,0 4x4 c@0,4 12x3');
  expect(shape(shifted(pair, 'b', -1))).toBe('b@0,0 8x4 a@8,0 4x4 c@0,4 12x3');
  // One above the other.
  expect(shifted(THREE, 'c', -1).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  // Every step changes the order as a phone shows it, whatever the sizes.
  const odd = [
    panel('a', 0, 0, 5, 8),
    panel('b', 5, 0, 4, 8),
    panel('c', 9, 0, 3, 5),
    panel('d', 0, 8, 4, 7),
    panel('e', 4, 8, 4, 9),
  ];
  for (const by of [-1, 1] as const) {
    odd.forEach(({ id }, at) => {
      const order = shifted(odd, id, by).map((one) => one.id);
      expect(order.indexOf(id), `${id} by ${by}`).toBe(Math.min(4, Math.max(0, at + by)));
    });
  }
  expect(shifted(THREE, 'a', -1)).toBe(THREE);
  expect(shifted(THREE, 'nobody', 1)).toBe(THREE);
});

it('brings a panel to any place of the reading order', () => {
  for (const { id } of THREE) {
    for (let at = 0; at < THREE.length; at += 1) {
      const order = movedTo(THREE, id, at).map((one) => one.id);
      const others = THREE.map((one) => one.id).filter((one) => one !== id);
      expect(order, `${id} to ${at}`).toEqual(others.toSpliced(at, 0, id));
    }
  }
  expect(movedTo(THREE, 'a', 99).at(-1)?.id).toBe('a');
  expect(movedTo(THREE, 'nobody', 1)).toBe(THREE);
});

it('bounds any box to the grid', () => {
  expect(bounded({ x: -5, y: -1, w: 99, h: 0 })).toEqual({ x: 0, y: 0, w: 12, h: 3 });
  expect(bounded({ x: 11, y: 1.4, w: 4, h: 4 })).toEqual({ x: 8, y: 1, w: 4, h: 4 });
});
