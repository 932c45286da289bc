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

test('A-18: without runs the page says how to make one, and shows it when it comes', async ({ page }) => {
  await page.goto(server.url);
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  await expect(page.getByText('eg.record(')).toBeVisible();
  await expect(page.getByText(server.root)).toBeVisible();

  const loop = await TrainingLoop.start(server.root);
  await loop.tell('log 1 0.5');
  await expect(page.getByRole('link', { name: 'live-run' })).toBeVisible();
  await expect(page.getByRole('cell', { name: 'Running' })).toBeVisible();
  await loop.tell('finish');
  await expect(page.getByRole('cell', { name: 'Finished' })).toBeVisible();
  loop.kill();
});

test('B-1: a point is on the screen within a second of being logged', async ({ page }) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('log 1 0.5');
  await page.goto(`${server.url}/#/training?smooth=0`);
  const chart = page.locator('article', { hasText: 'td' });
  await expect(chart.getByText('0.5', { exact: true })).toBeVisible();

  const latencies: number[] = [];
  for (let step = 2; step <= 8; step += 1) {
    const text = String(step * 11);
    const loggedAt = await loop.tell(`log ${step} ${text}`);
    await expect(chart.getByText(text, { exact: true })).toBeVisible({ timeout: 5000 });
    latencies.push(Date.now() - loggedAt);
    await page.waitForTimeout(300);
  }
  latencies.sort((a, b) => a - b);
  test
    .info()
    .annotations.push({ type: 'latency', description: `${latencies.map(Math.round).join(', ')} ms` });
  expect(
    latencies[Math.floor(latencies.length / 2)],
    `of ${latencies.join(', ')} ms the median`,
  ).toBeLessThan(1000);
  loop.kill();
});

test('new tags and episodes appear while the page is open', async ({ page }) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('episode 7');
  await page.goto(`${server.url}/#/training?smooth=0`);
  const returns = page.locator('article', { hasText: 'Return of each episode' });
  await expect(returns.getByText('7', { exact: true })).toBeVisible();
  await loop.tell('log 5 1.25');
  await expect(page.getByRole('button', { name: /^losses/ })).toBeVisible();
  await loop.tell('episode 12');
  await expect(returns.getByText('12', { exact: true })).toBeVisible();
  loop.kill();
});

test('the page waits for a server that is gone, says so, and goes on when it is back', async ({ page }) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('log 1 0.5');
  await page.goto(`${server.url}/#/training?smooth=0`);
  const chart = page.locator('article', { hasText: 'td' });
  await expect(chart.getByText('0.5', { exact: true })).toBeVisible();
  await expect(page.getByText('Live', { exact: true })).toBeVisible();

  await server.stop();
  await expect(page.getByText('Reconnecting')).toBeVisible();
  await expect(chart.getByText('0.5', { exact: true })).toBeVisible();
  await loop.tell('log 2 77');
  await server.start();
  await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 20_000 });
  await expect(chart.getByText('77', { exact: true })).toBeVisible();
  loop.kill();
});

test('a process that dies leaves a run that can be read', async ({ page }) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('log 1 0.5');
  await loop.tell('log 2 33');
  await page.goto(`${server.url}/#/training?smooth=0`);
  const chart = page.locator('article', { hasText: 'td' });
  await expect(chart.getByText('33', { exact: true })).toBeVisible();
  loop.kill();
  await page.reload();
  await expect(chart.getByText('33', { exact: true })).toBeVisible();
});
