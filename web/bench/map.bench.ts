/**
 * What a reader of a map of a million states waits for, drawn by the processor: one line of JSON a round, read by `cargo xtask bench map`.
 * Nothing is asserted of a time: the bars are in the xtask.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from '../e2e/own_server';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** Pictures that are looked at while the map is dragged. */
const FRAMES = 60;

let server: OwnServer;

test.beforeAll(async () => {
  test.setTimeout(600_000);
  server = await OwnServer.onEmptyFolder();
  const script = join(import.meta.dirname, '../e2e/log_states.py');
  await promisify(execFile)(process.env.ETHOGRAM_PYTHON!, [script, server.root, 'million']);
});
test.afterAll(async () => {
  await server.dispose();
});

for (let round = 0; round < ROUNDS; round += 1) {
  test(`round ${round + 1}`, async ({ page }) => {
    const opened = Date.now();
    await page.goto(`${server.url}/#/states?points=1000000`);
    const map = page.locator('[data-painted]');
    await expect(map).toHaveAttribute('data-painted', 'density', { timeout: 300_000 });
    await expect(page.locator('[data-map]')).toHaveAttribute('data-points', '1000000');
    await expect(page.locator('[data-phase]')).toHaveAttribute('data-phase', 'done', { timeout: 300_000 });
    const openMs = Date.now() - opened;
    await page.waitForTimeout(3000);
    const panned = await pan(page);
    await map.focus();
    for (let i = 0; i < 40 && (await map.getAttribute('data-painted')) === 'density'; i += 1) {
      await page.keyboard.press('+');
      await page.waitForTimeout(400);
    }
    await expect(map).toHaveAttribute('data-painted', 'dots');
    const near = await pan(page);
    console.log(
      JSON.stringify({
        openMs,
        paintMs: panned.paintMs,
        frameMs: panned.frameMs,
        slowestMs: panned.slowestMs,
        nearPaintMs: near.paintMs,
        nearFrameMs: near.frameMs,
      }),
    );
  });
}

/** Drags the map from picture to picture: what one takes to paint, and how far apart they are. */
async function pan(page: Page): Promise<Record<'paintMs' | 'frameMs' | 'slowestMs', number>> {
  return page.locator('[data-painted]').evaluate(async (plot, frames) => {
    const box = plot.getBoundingClientRect();
    const send = (kind: string, x: number, y: number) =>
      plot.dispatchEvent(
        new PointerEvent(kind, {
          pointerId: 1,
          pointerType: 'mouse',
          button: 0,
          buttons: 1,
          bubbles: true,
          clientX: box.left + x,
          clientY: box.top + y,
        }),
      );
    // Synthetic pointers cannot be captured.
    plot.setPointerCapture = () => undefined;
    const next = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    const ms = () => Number((plot as HTMLElement).dataset.ms);
    const [paints, apart]: number[][] = [[], []];
    const [cx, cy] = [box.width / 2, box.height / 2];
    send('pointerdown', cx, cy);
    let before = await next();
    for (let i = 1; i <= frames; i += 1) {
      send('pointermove', cx + 60 * Math.sin(i / 6), cy + 40 * Math.cos(i / 9));
      const now = await next();
      paints.push(ms());
      if (i > 1) apart.push(now - before);
      before = now;
    }
    send('pointerup', cx, cy);
    const middle = (list: number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;
    return {
      paintMs: middle(paints),
      frameMs: middle(apart),
      slowestMs: Math.max(...apart),
    };
  }, FRAMES);
}
