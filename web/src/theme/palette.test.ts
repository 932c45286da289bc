import { describe, expect, it } from 'vitest';

import { assignInks, assignSlots, inkOfSlot, SLOTS_DISTINCT, type Look } from './palette';
import tokens from './tokens.css?raw';

type Rgb = [number, number, number];

const LOOKS: Look[] = ['light', 'dark'];

/** The block of `tokens.css` that is in force for a look. */
function tokensOf(look: Look): Map<string, string> {
  const blocks = tokens.match(
    look === 'light' ? /:root\[data-theme='light'\] \{([^}]*)/ : /:root\[data-theme='dark'\] \{([^}]*)/,
  );
  return new Map(
    [...(blocks?.[1] ?? '').matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1], match[2]]),
  );
}

function linear(hex: string): Rgb {
  const channel = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG 2.2, "contrast ratio". */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [red, green, blue] = linear(hex);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Machado, Oliveira & Fernandes 2009, table 1, full severity; on linear RGB. */
const SIGHT: Record<string, Rgb[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Ottosson 2020, OKLab, of a colour as somebody sees it. */
function oklab(hex: string, sight: string): Rgb {
  const rgb = linear(hex);
  const [red, green, blue] = SIGHT[sight].map((row) =>
    Math.max(0, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]),
  );
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function closest(colours: string[], sight: string): number {
  let least = Infinity;
  colours.forEach((a, i) =>
    colours.slice(i + 1).forEach((b) => {
      const [left, right] = [oklab(a, sight), oklab(b, sight)];
      least = Math.min(least, Math.hypot(left[0] - right[0], left[1] - right[1], left[2] - right[2]));
    }),
  );
  return least;
}

describe.each(LOOKS)('in the %s theme', (look) => {
  const slots = Array.from({ length: SLOTS_DISTINCT }, (_, slot) => inkOfSlot(slot, look));

  it('every colour stands out from the page by 3:1', () => {
    const surface = tokensOf(look).get('--surface')!;
    for (const { colour } of slots) expect(contrast(colour, surface), colour).toBeGreaterThanOrEqual(3);
  });

  // Okabe-Ito itself reaches 0.076; a third of that is lost to darkening for contrast.
  it.each(Object.keys(SIGHT))('the first seven colours differ for %s sight', (sight) => {
    expect(
      closest(
        slots.slice(0, 7).map(({ colour }) => colour),
        sight,
      ),
    ).toBeGreaterThan(0.05);
  });

  it('no two slots look the same', () => {
    expect(new Set(slots.map(({ colour, dash }) => `${colour} ${dash.join()}`)).size).toBe(SLOTS_DISTINCT);
    expect(inkOfSlot(SLOTS_DISTINCT, look)).not.toEqual(inkOfSlot(0, look));
    expect(inkOfSlot(SLOTS_DISTINCT, look).colour).toBe(slots[0].colour);
  });

  it('text can be read on everything that lies behind it', () => {
    const of = tokensOf(look);
    for (const ink of ['--ink', '--ink-soft', '--ink-faint', '--accent', '--good', '--warn', '--bad']) {
      for (const ground of ['--page', '--surface', '--raised', '--sunken', '--hover']) {
        expect(contrast(of.get(ink)!, of.get(ground)!), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(contrast(of.get('--accent-ink')!, of.get('--accent')!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of.get('--accent')!, of.get('--accent-soft')!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of.get('--line-control')!, of.get('--surface')!)).toBeGreaterThanOrEqual(3);
  });
});

it('says the dark theme twice in the same words', () => {
  const [system, chosen] = [...tokens.matchAll(/(--page: #0[\s\S]*?)\}/g)].map((match) =>
    match[1].replace(/\s+/g, ' ').trim(),
  );
  expect(system).toBeTruthy();
  expect(chosen).toBe(system);
});

describe('assignSlots', () => {
  it('keeps the colours of what is shown when others come and go', () => {
    const first = assignSlots(new Map(), ['a', 'b', 'c']);
    expect([...first]).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
    const without = assignSlots(first, ['a', 'c']);
    const then = assignSlots(without, ['a', 'c', 'd']);
    expect([then.get('a'), then.get('c'), then.get('d')]).toEqual([0, 2, 1]);
  });

  it('gives a run that comes back the colour that it had', () => {
    const before = assignSlots(new Map(), ['a', 'b']);
    expect(assignSlots(assignSlots(before, ['a']), ['a', 'b']).get('b')).toBe(1);
  });
});

describe('assignInks', () => {
  const runs = (...ids: string[]) => ids.map((id) => ({ id, family: id[0] }));
  const assign = (before: Parameters<typeof assignInks>[0], ...ids: string[]) =>
    assignInks(before, runs(...ids), (id) => id[0]);
  const places = (inks: ReturnType<typeof assign>) =>
    [...inks].map(([id, { slot, variant }]) => [id, slot, variant]);

  it('gives the seeds of a family one hue where several families are shown, and keeps it', () => {
    const inks = assign(new Map(), 'a1', 'a2', 'b1', 'a3');
    expect(places(inks)).toEqual([
      ['a1', 0, 0],
      ['a2', 0, 1],
      ['b1', 1, 0],
      ['a3', 0, 2],
    ]);
    const then = assign(inks, 'a1', 'b1', 'c1', 'b2');
    expect(then.get('c1')).toMatchObject({ slot: 2, variant: 0 });
    expect(then.get('b2')).toMatchObject({ slot: 1, variant: 1 });
    expect(then.get('a2')).toEqual(inks.get('a2'));
  });

  it('gives the seeds of one family a hue each, which they keep when others come', () => {
    const alone = assign(new Map(), 'a1', 'a2');
    expect(places(alone).map(([, slot]) => slot)).toEqual([0, 1]);
    const joined = assign(alone, 'a1', 'a2', 'b1');
    expect(joined.get('a2')).toEqual(alone.get('a2'));
    expect(joined.get('b1')?.slot).toBe(2);
  });

  it.each(LOOKS)('tells six seeds of one hue apart, each with enough contrast, in the %s theme', (look) => {
    const surface = tokensOf(look).get('--surface')!;
    for (let slot = 0; slot < SLOTS_DISTINCT; slot += 1) {
      const seeds = Array.from({ length: 6 }, (_, variant) => inkOfSlot(slot, look, variant));
      expect(new Set(seeds.map((ink) => JSON.stringify(ink))).size).toBe(6);
      for (const { colour } of seeds) expect(contrast(colour, surface), colour).toBeGreaterThanOrEqual(3);
    }
  });
});
