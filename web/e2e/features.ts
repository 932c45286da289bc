import { expect, type APIRequestContext } from '@playwright/test';

interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  offset: number;
}

export interface Told {
  features: string;
  layer: string;
  shape: number[];
  of: string;
  steps: number;
  factors: { colour: string; norm: number; share: number }[];
}

/** One body of binary columns (`docs/http.md`). */
export class Body {
  readonly header: Record<string, unknown> & { columns: Entry[] };
  readonly #bytes: Buffer;
  readonly #start: number;

  constructor(bytes: Buffer) {
    const length = bytes.readUInt32LE(4);
    this.header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Body['header'];
    this.#bytes = bytes;
    this.#start = 8 + length;
  }

  has(name: string): boolean {
    return this.header.columns.some((column) => column.name === name);
  }

  numbers(name: string): number[] {
    const { dtype, shape, offset } = this.header.columns.find((column) => column.name === name)!;
    const at = this.#start + offset;
    return Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
      if (dtype === 'float64') return this.#bytes.readDoubleLE(at + 8 * i);
      if (dtype === 'float32') return this.#bytes.readFloatLE(at + 4 * i);
      return this.#bytes.readUInt32LE(at + 4 * i);
    });
  }
}

/** A layer taken apart, as the server says it. */
export async function features(
  request: APIRequestContext,
  run: string,
  ask: Record<string, unknown>,
): Promise<{ told: Told; body: Body }> {
  const answer = await request.post(`/api/runs/${run}/features`, { data: ask, timeout: 60_000 });
  expect(answer.ok(), answer.ok() ? '' : await answer.text()).toBe(true);
  const last = new Body(lastPart(await answer.body()));
  expect(last.header.part, JSON.stringify(last.header)).toBe('features');
  return { told: last.header as unknown as Told, body: last };
}

/** The last of an answer's parts. */
export function lastPart(bytes: Buffer): Buffer {
  let last = bytes;
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at);
    last = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return last;
}

/** The layer that the page presets, and the newest network, as the server says them. */
export async function presets(
  request: APIRequestContext,
  { run, episode }: { run: string; episode: number },
): Promise<{ layer: string; checkpoint: number }> {
  const answer = await request.get(`/api/runs/${run}/episodes/${episode}/explanations`);
  const { layers, checkpoints } = (await answer.json()) as {
    layers: { name: string; recommended: boolean }[];
    checkpoints: { global_step: number }[];
  };
  return {
    layer: (layers.find(({ recommended }) => recommended) ?? layers[0]!).name,
    checkpoint: Math.max(...checkpoints.map(({ global_step }) => global_step)),
  };
}
