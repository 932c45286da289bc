import { describe, expect, it } from 'vitest';

import { encodeColumns, type ColumnSpec } from '../../testing/encode_columns';
import { Client } from './client';
import { decodeColumns } from './columns';
import {
  featureMapsOf,
  featuresOf,
  gridOf,
  imagesSoFarOf,
  type FeaturesProgress,
  type ImagesSoFar,
} from './features';
import { ApiError, HttpSource } from './source';

const CHECKPOINT = { global_step: 80, name: '80M' };

function column(
  name: string,
  dtype: string,
  data: ArrayBufferView & { length: number },
  shape?: number[],
): ColumnSpec {
  return { name, dtype, shape: shape ?? [data.length], data };
}

function places(name: string, strengths: readonly number[]): ColumnSpec[] {
  const count = strengths.length;
  const upTo = Array.from({ length: count }, (_, i) => i);
  return [
    column(
      `${name}_episode`,
      'float64',
      Float64Array.from(upTo, () => 7),
    ),
    column(
      `${name}_step`,
      'float64',
      Float64Array.from(upTo, (i) => 10 * i),
    ),
    column(
      `${name}_row`,
      'uint32',
      Uint32Array.from(upTo, (i) => Math.floor(i / 3)),
    ),
    column(
      `${name}_column`,
      'uint32',
      Uint32Array.from(upTo, (i) => i % 3),
    ),
    column(`${name}_strength`, 'float32', Float32Array.from(strengths)),
  ];
}

const HEADER = {
  part: 'features',
  features: 'f1',
  layer: 'conv',
  shape: [4, 2, 3],
  of: 'value',
  checkpoint: CHECKPOINT,
  steps: 100,
  left_out: 2,
  relative_error: 0.25,
  notes: ['negative activations were left out'],
  observation: 'observation',
  factors: [{ index: 0, colour: '#ff0000', norm: 1.5, share: 1 }],
};
const FACTOR = [
  column('directions', 'float32', Float32Array.of(1, 0, 0.5, 0), [1, 4]),
  ...places('0/example', [3, 0, 1, 2, 0.5, 1]),
  ...places('0/thumbnail', [3, 2]),
];

/** Bodies as the server sends them, cut where a network may cut them. */
function served(bodies: readonly ArrayBuffer[], piece: number): Client {
  const parts = bodies.flatMap((body) => {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, body.byteLength, true);
    return [...head, ...new Uint8Array(body)];
  });
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < parts.length; at += piece)
        controller.enqueue(Uint8Array.from(parts.slice(at, at + piece)));
      controller.close();
    },
  });
  return new Client(new HttpSource('', () => Promise.resolve(new Response(stream))));
}
const QUERY = { layer: 'conv', steps: 100, of: 'value', factors: 1 };

describe('features', () => {
  it.each([1, 5, 4096])(
    'come in parts that are whole however the network cuts them (%i bytes)',
    async (piece) => {
      const told: FeaturesProgress[] = [];
      const client = served(
        [
          encodeColumns([], { part: 'progress', phase: 'activations', share: 0.5 }),
          encodeColumns([], { part: 'progress', phase: 'factors', share: 7 }),
          encodeColumns(FACTOR, HEADER),
        ],
        piece,
      );
      const found = await client.features.find('r', QUERY, (progress) => told.push(progress));
      expect(told).toEqual([
        { phase: 'activations', share: 0.5 },
        { phase: 'factors', share: 0 },
      ]);
      expect(found).toMatchObject({
        id: 'f1',
        layer: 'conv',
        of: 'value',
        checkpoint: CHECKPOINT,
        leftOut: 2,
      });
      expect(gridOf(found)).toEqual({ rows: 2, columns: 3 });
      const [factor] = found.factors;
      expect([...factor!.examples!.strength]).toEqual([3, 0, 1, 2, 0.5, 1]);
      expect([...factor!.thumbnails.step]).toEqual([0, 10]);
    },
  );

  it('are seen while they are drawn, and progress without images says nothing of them', async () => {
    const image = { factor: 2, row: 1, column: null, excitation: 3, start: 1 };
    const head = { observation: 'observation', shape: [2], images: [image] };
    const columns = (values: number[], curve: number[]) => [
      column('values', 'float32', Float32Array.from(values), [1, 2]),
      column('curves', 'float32', Float32Array.from(curve), [1, curve.length]),
    ];
    const strongest = { episode: 4, step: 9, excitation: 2 };
    const client = served(
      [
        encodeColumns([], { part: 'progress', phase: 'x', share: 0 }),
        encodeColumns(columns([0, 1], [1, 3]), { part: 'progress', phase: 'x', share: 0.5, ...head }),
        encodeColumns(columns([5, 6], [1, 3, 7]), {
          part: 'images',
          ...head,
          images: [{ ...image, excitation: 7, strongest }],
        }),
      ],
      11,
    );
    const seen: (ImagesSoFar | null)[] = [];
    const query = { factors: [2], place: 'centre', seed: 0 } as const;
    const found = await client.features.images('r', 'f1', query, (_, part) => seen.push(imagesSoFarOf(part)));
    expect(seen[0]).toBeNull();
    expect(seen[1]!.images[0]).toMatchObject({ factor: 2, row: 1, column: null, excitation: 3, start: 1 });
    expect([...seen[1]!.images[0]!.values, ...seen[1]!.images[0]!.curve]).toEqual([0, 1, 1, 3]);
    expect(found.images[0]).toMatchObject({ excitation: 7, strongest });
    expect([...found.images[0]!.values, ...found.images[0]!.curve]).toEqual([5, 6, 1, 3, 7]);
  });

  it('tell what the server says went wrong, and when it ends too early', async () => {
    const error = encodeColumns([], {
      part: 'error',
      code: 'no_layer',
      message: 'no layer conv',
      hint: 'one of a, b',
    });
    await expect(served([error], 9).features.find('r', QUERY, () => undefined)).rejects.toMatchObject({
      code: 'no_layer',
      hint: 'one of a, b',
    });
    const early = served([encodeColumns([], { part: 'progress', phase: 'x', share: 0 })], 9);
    await expect(early.features.find('r', QUERY, () => undefined)).rejects.toBeInstanceOf(ApiError);
  });

  it('are refused when their parts do not fit together', () => {
    const read = (columns: ColumnSpec[], header = {}) =>
      featuresOf(decodeColumns(encodeColumns(columns, { ...HEADER, ...header })));
    expect(() => read(FACTOR, { factors: [] })).toThrow('directions of 0 factors, found 1');
    expect(() => read(FACTOR, { shape: [4, 2, 2] })).toThrow('each of 4 cells, found 6');
    expect(() => read(FACTOR.slice(0, -1))).toThrow('thumbnail_strength');
    // A layer without rows and columns has no examples by place.
    const vector = read([FACTOR[0]!, ...places('0/thumbnail', [2, 1])], { shape: [4] });
    expect(vector.factors[0]!.examples).toBeNull();
    expect(gridOf(vector)).toEqual({ rows: 1, columns: 1 });
    // Colours go into styles: only what is one.
    const odd = read(FACTOR, { factors: [{ index: 0, colour: 'url(evil)', norm: 1, share: 1 }] });
    expect(odd.factors[0]!.colour).toBe('gray');
  });
});

describe('maps of features', () => {
  it('are read step by step', () => {
    const maps = featureMapsOf(
      decodeColumns(
        encodeColumns(
          [
            {
              ...column(
                'maps',
                'float32',
                Float32Array.from({ length: 8 }, (_, i) => i),
                [2, 2, 1, 2],
              ),
              valid: [1, 0],
            },
            column('residual', 'float32', Float32Array.of(1, 2, 3, 4), [2, 1, 2]),
            column('totals', 'float32', Float32Array.of(1, 5, 9, 13), [2, 2]),
            column('residual_total', 'float32', Float32Array.of(3, 7)),
          ],
          { first: 32, scale: 1, features: 'f1' },
        ),
      ),
    );
    expect(maps).toMatchObject({ first: 32, steps: 2, factors: 2, rows: 1, columns: 2 });
    expect([...maps.valid!]).toEqual([1, 0]);
    const short = encodeColumns([
      column('maps', 'float32', new Float32Array(4), [1, 2, 1, 2]),
      column('residual', 'float32', new Float32Array(1), [1, 1, 1]),
      column('totals', 'float32', new Float32Array(2), [1, 2]),
      column('residual_total', 'float32', new Float32Array(1)),
    ]);
    expect(() => featureMapsOf(decodeColumns(short))).toThrow('residual: expected 2 numbers, found 1');
  });
});
