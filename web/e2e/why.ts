import { expect, type APIRequestContext, type Page } from '@playwright/test';

import { runs } from './demo';

/** The episode of the 80M checkpoint that was recorded with seed 0. */
export async function breakout(request: APIRequestContext): Promise<{ run: string; episode: number }> {
  const [run] = (await runs(request)).filter(({ name }) => name === 'breakout-a3c');
  for (let episode = run.episodes - 1; episode >= 0; episode -= 1) {
    const answer = await request.get(`/api/runs/${run.id}/episodes/${episode}`);
    if (!answer.ok()) continue;
    const { episode: row, steps } = (await answer.json()) as {
      episode: { seed: number | null; checkpoint: number | null };
      steps: number;
    };
    if (steps > 2000 && row.checkpoint === 80_000_000 && row.seed === 0) return { run: run.id, episode };
  }
  throw new Error('the demo has no episode of seed 0 at 80M');
}

/** One step's attribution as the server gives it, in its own units. */
export async function attribution(
  request: APIRequestContext,
  at: { run: string; episode: number },
  step: number,
  query: Record<string, string>,
): Promise<{ values: number[]; error: number | undefined }> {
  const search = new URLSearchParams({ ...query, from: String(step), to: String(step + 1) });
  const answer = await request.get(`/api/runs/${at.run}/episodes/${at.episode}/attribution?${search}`);
  expect(answer.ok(), await answer.text()).toBe(true);
  const body = await answer.body();
  const length = body.readUInt32LE(4);
  const header = JSON.parse(body.subarray(8, 8 + length).toString()) as {
    columns: { name: string; shape: number[]; offset: number }[];
  };
  const start = (name: string) => 8 + length + header.columns.find((column) => column.name === name)!.offset;
  const count = header.columns.find(({ name }) => name === 'values')!.shape.reduce((a, b) => a * b, 1);
  const scale = body.readDoubleLE(start('scale'));
  const hasError = header.columns.find(({ name }) => name === 'completeness_error')!.shape[0] > 0;
  return {
    values: Array.from({ length: count }, (_, i) =>
      query.as === 'float32'
        ? body.readFloatLE(start('values') + 4 * i)
        : body.readInt8(start('values') + i) * scale,
    ),
    error: hasError ? body.readDoubleLE(start('completeness_error')) : undefined,
  };
}

/** The place of the picture, which tells what lies over it. */
export const place = (page: Page) => page.locator('figure [data-picture]');
export const panel = (page: Page) => page.getByRole('region', { name: 'Why' });
/** The overlay of this step is drawn. */
export const overlaid = (page: Page, step: number) =>
  expect(place(page)).toHaveAttribute('data-overlay-step', String(step), { timeout: 40_000 });

/** Red, green, blue and alpha of every pixel of the overlay. */
export function overlayPixels(page: Page): Promise<{ width: number; height: number; data: number[] }> {
  return place(page)
    .locator('canvas[data-overlay]')
    .evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      return { width, height, data: [...canvas.getContext('2d')!.getImageData(0, 0, width, height).data] };
    });
}

/** Counts what is asked of networks from now on. */
export function countAsked(page: Page): () => number {
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().includes('/attribution?')) asked += 1;
  });
  return () => asked;
}
