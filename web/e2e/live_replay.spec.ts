import { loadavg } from 'node:os';

import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';
import { TrainingLoop } from './training_loop';

let server: OwnServer;

test.beforeEach(async () => {
  server = await OwnServer.onEmptyFolder();
});
test.afterEach(async () => {
  await server.dispose();
});

test('A-2: an episode is watched while it goes on, is marked, and survives the death of its process', async ({
  page,
}) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('open');
  await loop.tell('steps 100');
  await page.goto(`${server.url}/#/replay`);
  const badge = page.locator('header .badge').first();
  await expect(badge).toHaveText('live');
  const slider = page.getByRole('slider', { name: 'Step' });
  await expect(slider).toHaveAttribute('max', '99');
  await expect(page.locator('[data-picture]')).toHaveAttribute('data-picture', 'shown');

  // It grows without being asked, and who stands at its end stays there.
  await page.keyboard.press('End');
  await loop.tell('steps 100');
  await expect(slider).toHaveAttribute('max', '199');
  await expect(slider).toHaveValue('199');
  await expect(page.locator('[data-counter=step]')).toContainText('199');

  loop.kill();
  await page.reload();
  await expect(badge).toHaveText('live');
  await expect(slider).toHaveAttribute('max', '199');
  await page.keyboard.press('Home');
  await expect(page.locator('[data-picture]')).toHaveAttribute('data-step', '0');
});

test('A-2: an episode that ends while it is watched is told as ended', async ({ page }) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('open');
  await loop.tell('steps 40');
  await page.goto(`${server.url}/#/replay`);
  const badge = page.locator('header .badge').first();
  await expect(badge).toHaveText('live');
  await loop.tell('close');
  await expect(badge).toHaveText('terminated');
  await loop.tell('finish');
  loop.kill();
});

/** The numbers are printed, and held against the bars in docs/performance.md; a busy machine must not fail a test. */
test('an episode of 10,000 pictures opens, jumps and plays', async ({ page }, info) => {
  test.setTimeout(240_000);
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('open');
  await loop.tell('steps 10000');
  await loop.tell('close');
  await loop.tell('finish');
  loop.kill();
  await page.goto(`${server.url}/#/episodes?recorded=1`);
  const row = page.locator('tbody tr').first();
  await expect(row).toContainText('10,001');

  const measured = await page.evaluate(async () => {
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    const stage = () => document.querySelector<HTMLElement>('[data-picture=shown]');
    const until = async (done: () => boolean, limit: number) => {
      const started = performance.now();
      while (!done() && performance.now() - started < limit)
        await new Promise((resolve) => setTimeout(resolve, 0));
      return performance.now() - started;
    };
    document.querySelector<HTMLElement>('tbody tr a')!.click();
    const firstFrameMs = await until(() => stage() !== null, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 3000));

    const slider = document.querySelector<HTMLInputElement>('input[type=range]')!;
    const seeks: number[] = [];
    for (let i = 0, step = 17; i < 40; i += 1) {
      step = (step * 7919 + 101) % 9999;
      slider.value = String(step);
      slider.dispatchEvent(new Event('input', { bubbles: true }));
      slider.dispatchEvent(new Event('change', { bubbles: true }));
      seeks.push(await until(() => stage()?.dataset.step === String(step), 5000));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    seeks.sort((a, b) => a - b);

    const speed = document.querySelector<HTMLSelectElement>('[aria-label=Playing] select')!;
    speed.value = '2'; // 60 steps a second
    speed.dispatchEvent(new Event('change', { bubbles: true }));
    const play = () => document.querySelector<HTMLElement>('[aria-label=Playing] .play')!.click();
    const from = Number(stage()!.dataset.step);
    play();
    const steps = new Set<string>();
    let ticks = 0;
    const end = performance.now() + 8000;
    while (performance.now() < end) {
      await frame();
      ticks += 1;
      steps.add(stage()?.dataset.step ?? '');
    }
    play();
    const covered = Number(stage()!.dataset.step) - from;
    const memory = (performance as unknown as { memory: { usedJSHeapSize: number } }).memory;
    return {
      firstFrameMs,
      randomStepMs: seeks[seeks.length >> 1],
      slowestStepMs: seeks[seeks.length - 1],
      droppedShare: Math.max(0, 1 - steps.size / Math.max(1, covered)),
      // Of the pictures that the browser got round to drawing at all, those that did not show a new step.
      lateShare: Math.max(0, 1 - steps.size / Math.max(1, Math.min(covered, ticks))),
      screenHz: ticks / 8,
      covered,
      heapBytes: memory.usedJSHeapSize,
    };
  });
  info.annotations.push({ type: 'replay bar', description: JSON.stringify(measured) });
  console.log(`replay bar at a load of ${loadavg()[0].toFixed(1)}: ${JSON.stringify(measured)}`);
  expect(measured.covered, 'steps played in 8 s at 60 a second').toBeGreaterThan(100);
  expect(measured.firstFrameMs, 'the first picture was shown').toBeLessThan(10_000);
  expect(measured.slowestStepMs, 'every step asked for was shown').toBeLessThan(5000);
  expect(measured.heapBytes).toBeLessThan(300e6);
});

test('R-16: an episode of 100,000 steps opens at once, wherever the link points', async ({ page }, info) => {
  test.setTimeout(180_000);
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('open');
  await loop.tell('numbers 100000');
  await loop.tell('close');
  await loop.tell('finish');
  loop.kill();
  await page.goto(`${server.url}/#/episodes?recorded=1`);
  await expect(page.locator('tbody tr').first()).toContainText('100,001');
  const href = await page.locator('tbody tr a').first().getAttribute('href');
  const opened = Date.now();
  await page.goto(`${server.url}/${href}&step=99000`);
  await expect(page.locator('[data-counter=step]')).toContainText('99,000');
  await expect(page.locator('[data-counter=reward]')).toContainText('0.25');
  const milliseconds = Date.now() - opened;
  info.annotations.push({ type: 'R-16', description: `${milliseconds} ms` });
  console.log(`R-16: 100,000 steps opened in ${milliseconds} ms at a load of ${loadavg()[0].toFixed(1)}`);
});
