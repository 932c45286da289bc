import { describe, expect, it } from 'vitest';

import type { Layout } from './layout';
import { layoutOfLink, LINK_CHARS_MAX, linkOfLayout } from './layout_link';
import { readLayout, writeLayout } from './read_layout';

const ONE: Layout = [
  {
    id: 'p1',
    kind: 'line',
    title: 'Löss <b>&"',
    box: { x: 0, y: 0, w: 6, h: 8 },
    spec: { tags: ['scalar:global_step:losses/td-error 🤖'], smoothing: 0.6, log: false },
  },
];
const panel = (over: object) => ({
  version: 1,
  panels: [{ kind: 'text', at: [0, 0, 4, 4], spec: {}, ...over }],
});

it('comes back from its JSON and from a link as it was', async () => {
  expect(readLayout(JSON.parse(JSON.stringify(writeLayout(ONE))))).toEqual(ONE);
  const link = await linkOfLayout(ONE);
  expect(link).toMatch(/^[\w-]+$/);
  expect(await layoutOfLink(link)).toEqual(ONE);
});

it('keeps a layout of twenty panels under 2 kB of address', async () => {
  const twenty: Layout = Array.from({ length: 20 }, (_, i) => ({
    id: `p${i + 1}`,
    kind: 'line',
    title: '',
    box: { x: (i % 3) * 4, y: Math.floor(i / 3) * 7, w: 4, h: 7 },
    spec: { tags: [`scalar:global_step:losses/tag_${i}`], x: 'step', smoothing: 0.6, log: i % 2 === 0 },
  }));
  const link = await linkOfLayout(twenty);
  expect(link.length).toBeLessThan(2000);
  expect(link.length).toBeLessThan(LINK_CHARS_MAX);
  expect(await layoutOfLink(link)).toEqual(twenty);
});

describe('a layout from outside', () => {
  const deep = JSON.parse('['.repeat(2000) + ']'.repeat(2000)) as unknown;
  const cases: [string, unknown, RegExp][] = [
    ['nothing', null, /expected the layout to be an object, found null/],
    ['a list', [], /found a list of 0/],
    ['a newer version', { version: 9, panels: [] }, /version 1, found 9; it comes from a newer/],
    ['no panels', { version: 1 }, /expected a list of panels, found nothing/],
    [
      'too many',
      { version: 1, panels: Array.from({ length: 101 }, () => ({})) },
      /101 panels, over the limit of 100/,
    ],
    ['a panel that is a number', { version: 1, panels: [7] }, /expected panel 1 to be an object, found 7/],
    ['a place that is text', panel({ at: 'top' }), /at to be four whole numbers/],
    ['a place off the grid', panel({ at: [12, 0, 4, 4] }), /12 columns/],
    ['a place far off', panel({ at: [0, 1e300, 4, 4] }), /four whole numbers/],
    ['a title that is long', panel({ title: 'x'.repeat(300) }), /300 characters, over the limit of 200/],
    ['a kind that is an object', panel({ kind: {} }), /kind of panel 1 to be a text, found an object/],
    ['depth', panel({ spec: { x: deep } }), /to be a text, found a list of 1/],
    ['an object inside', panel({ spec: { x: { y: 1 } } }), /found an object/],
    [
      'a long list',
      panel({ spec: { x: Array.from({ length: 99 }, () => 'a') } }),
      /99 entries, over the limit of 64/,
    ],
  ];
  it.each(cases)('%s is refused with a reason', (_, json, reason) => {
    expect(() => readLayout(json)).toThrow(reason);
  });

  it('cannot reach the prototype', () => {
    const layout = readLayout(
      JSON.parse('{"version":1,"panels":[{"kind":"text","at":[0,0,2,3],"spec":{"__proto__":"x"}}]}'),
    );
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(layout).toHaveLength(1);
  });

  it('is put on the grid, wherever it says it lies', () => {
    const [one] = readLayout(panel({ at: [11, 5000, 12, 900] }));
    expect(one.box).toEqual({ x: 0, y: 0, w: 12, h: 40 });
  });
});

it('refuses links that are cut, are no layout, or unpack to very much', async () => {
  const link = await linkOfLayout(ONE);
  await expect(layoutOfLink(link.slice(0, -8))).rejects.toThrow(/may have been cut/);
  await expect(layoutOfLink('%%%')).rejects.toThrow(/may have been cut/);
  const bomb = new Blob([new Uint8Array(5_000_000)])
    .stream()
    .pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(bomb).arrayBuffer());
  const small = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  await expect(layoutOfLink(small)).rejects.toThrow(/over the limit of 65536 bytes/);
});
