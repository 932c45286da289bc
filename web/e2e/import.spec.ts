import { appendFile, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';
import { TrainingLoop } from './training_loop';

const LOGS = join(dirname(fileURLToPath(import.meta.url)), '../../crates/ethogram_import/tests/data');
const EVENTS = 'events.out.tfevents.1795228713.host.0.0';

let server: OwnServer;

test.beforeEach(async () => {
  server = await OwnServer.onEmptyFolder();
});
test.afterEach(async () => {
  await server.dispose();
});

/** Where the records of an event file begin, and its end. */
function recordsOf(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = 0; at < bytes.length;) {
    at += 16 + Number(bytes.readBigUInt64LE(at));
    starts.push(at);
  }
  return starts;
}

test('A-16: logs of other tools are served beside our own runs, as they lie', async ({ page }) => {
  await cp(join(LOGS, 'sb3-ppo-cartpole-seed1'), join(server.root, 'old/PPO_1'), { recursive: true });
  await cp(join(LOGS, 'summarywriter-a2c-cartpole-seed1'), join(server.root, 'old/A2C_1'), {
    recursive: true,
  });
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('log 1 0.5');
  await page.goto(server.url);
  await expect(page.getByRole('link', { name: 'live-run' })).toBeVisible();
  const row = page.getByRole('row', { name: /PPO_1/ });
  await expect(row).toContainText('tfevents+sb3');
  await expect(page.getByRole('row', { name: /A2C_1/ })).toContainText('tfevents');

  await page.goto(`${server.url}/#/training?smooth=0`);
  await page.getByRole('checkbox', { name: 'Show PPO_1' }).check();
  await expect(page.locator('article', { hasText: 'ep_rew_mean' }).first()).toBeVisible();
  await expect(page.locator('article', { hasText: 'policy_loss' }).first()).toBeVisible();
  loop.kill();
});

test('A-16: a point of a growing event file is on the screen while the page is open', async ({ page }) => {
  const bytes = await readFile(join(LOGS, 'sb3-dqn-cartpole-seed1', EVENTS));
  const starts = recordsOf(bytes);
  const half = starts[Math.floor(starts.length / 2)]!;
  const file = join(server.root, 'live/DQN_1', EVENTS);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes.subarray(0, half));

  await page.goto(server.url);
  await expect(page.getByRole('row', { name: /DQN_1/ })).toContainText('Running');
  const pointsOf = async () => {
    return (await server.runs())[0]!;
  };
  const before = await pointsOf();
  await page.goto(`${server.url}/#/training?smooth=0`);
  const chart = page.locator('article', { hasText: 'exploration_rate' }).first();
  const told = (rate: number) =>
    chart.getByText(rate.toFixed(2).replace(/0+$/, ''), { exact: false }).first();
  await expect(told(before.summary['rollout/exploration_rate']!)).toBeVisible();

  // Half a record first: it waits for the rest of it.
  await appendFile(file, bytes.subarray(half, bytes.length - 7));
  await appendFile(file, bytes.subarray(bytes.length - 7));
  await expect(chart.getByText('0.04', { exact: true }).first()).toBeVisible({ timeout: 10_000 });
  await expect.poll(async () => (await pointsOf()).global_step).toBe(50_000);
});

test('B-15: episodes of Monitor files are in the table of episodes', async ({ page }) => {
  const run = join(server.root, 'zoo/dqn');
  await mkdir(run, { recursive: true });
  for (const name of ['0.monitor.csv', 'evaluations.npz']) {
    await copyFile(join(LOGS, 'sb3-zoo-dqn-cartpole-v1', name), join(run, name));
  }
  await page.goto(server.url);
  const row = page.getByRole('row', { name: /dqn/ });
  await expect(row).toContainText('CartPole-v1');
  await expect(row).toContainText('sb3');
  const result = await new AxeBuilder({ page }).analyze();
  expect(result.violations.map((violation) => violation.id)).toEqual([]);
  await page.goto(`${server.url}/#/training?smooth=0`);
  await expect(page.locator('article', { hasText: 'mean_reward' }).first()).toBeVisible();
  await expect(page.locator('article', { hasText: 'Return of each episode' }).first()).toBeVisible();
});
