import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';
import { goTo, shown, shownStep, stage } from './stage';
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

test('an episode that its run left open is unfinished once the run is over', async ({ page }) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('open');
  await loop.tell('steps 40');
  await page.goto(`${server.url}/#/replay`);
  const badge = page.locator('header .badge').first();
  await expect(badge).toHaveText('live');
  await expect(page.getByRole('button', { name: 'live', exact: true })).toBeVisible();
  await loop.tell('finish');
  await expect(badge).toHaveText('unfinished');
  await expect(page.getByRole('button', { name: 'live', exact: true })).toBeHidden();
  loop.kill();

  await page.goto(`${server.url}/#/episodes`);
  await expect(page.getByText('1 unfinished, not drawn')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Summary' })).toContainText(
    '1 unfinished; return and length leave the unfinished out',
  );
  await page.getByLabel('Filter episodes').fill('live');
  await expect(page.getByRole('region', { name: 'Summary' })).toContainText('0 episodes pass the filter');
  await page.getByLabel('Filter episodes').fill('unfinished');
  await expect(page.getByRole('region', { name: 'Summary' })).toContainText('1 episode pass the filter');
});

// How fast it is, `cargo xtask bench replay` says.
test('D-11: an episode of 10,000 pictures is seen to both its ends in bounded memory', async ({ page }) => {
  test.setTimeout(240_000);
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('open');
  await loop.tell('steps 10000');
  await loop.tell('close');
  await loop.tell('finish');
  loop.kill();
  await page.goto(`${server.url}/#/replay`);
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown');
  for (const step of [0, 10_000, 5_000, 9_999, 1]) await goTo(page, step);
  // All over it, and a stretch played: far more pictures than are kept.
  for (let step = 17, i = 0; i < 40; i += 1) {
    step = (step * 7919 + 101) % 9999;
    await page.getByRole('slider', { name: 'Step', exact: true }).fill(String(step));
    await shown(page, step);
  }
  await goTo(page, 0);
  await page.getByLabel('Speed').selectOption('8');
  await page.keyboard.press('Space');
  await expect.poll(() => shownStep(page), { timeout: 60_000 }).toBeGreaterThan(1500);
  await page.keyboard.press('Space');
  const heap = await page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
  );
  expect(heap).toBeLessThan(300e6);
});

test('R-16: an episode of 100,000 steps opens at once, wherever the link points', async ({ page }) => {
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
  await page.goto(`${server.url}/${href}&step=99000`);
  await expect(page.locator('[data-counter=step]')).toContainText('99,000');
  await expect(page.locator('[data-counter=reward]')).toContainText('0.25');
});
