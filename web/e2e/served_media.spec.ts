import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';

const ROOT = join(import.meta.dirname, '../..');
/** What `wandb` wrote, with a GIF and an mp4; and sounds that TensorBoard's migration made of what `SummaryWriter` wrote. */
const SOURCES = {
  'offline-run-20261122_000000-a': 'python/tests/wandb_files/offline-run',
  sounds: 'crates/ethogram_import/tests/data/tensorboard-sounds',
};

let server: OwnServer;
let runs: Map<string, string>;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  for (const [name, source] of Object.entries(SOURCES))
    await cp(join(ROOT, source), join(server.root, name), { recursive: true });
  runs = await server.idsByName(2);
});
test.afterAll(() => server.dispose());

test('B-15: films of W&B play in the Gallery where they lie', async ({ page }) => {
  await page.goto(`${server.url}/#/gallery?runs=${runs.get('dqn seed 1')}&layout=newest`);
  await expect(page.getByText('2 of 2 recordings')).toBeVisible();
  await expect(page.getByText('dqn seed 1 · ep 1 at 800')).toBeVisible();
  // Of pictures and of a film, without rewards.
  await expect(page.getByText('return not known')).toHaveCount(2);
  await page.goto(`${server.url}/#/replay?run=${runs.get('dqn seed 1')}&episode=0&step=2`);
  await expect(page.getByText('32 × 32 × 3 uint8')).toBeVisible();
});

test('B-15: a sound of an event file is heard in a panel', async ({ page }) => {
  await page.addInitScript(() => {
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (this: AudioBufferSourceNode) {
      const { sampleRate, numberOfChannels } = this.buffer!;
      Object.assign(window, {
        heard: { sampleRate, numberOfChannels, one: [...this.buffer!.getChannelData(0)] },
      });
      start.call(this);
    };
  });
  await page.goto(`${server.url}/#/overview?run=${runs.get('sounds')}`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Add panel' }).click();
  await dialog.getByRole('textbox', { name: 'Search fields' }).fill('moved');
  await dialog.getByRole('button', { name: 'moved' }).first().click();
  await dialog.getByRole('group', { name: 'Shown as' }).getByRole('button', { name: 'Sound' }).click();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const tone = page.getByRole('region', { name: 'moved', exact: true });
  await expect(tone).toContainText('0.01 s · 8,000 Hz · mono · first');
  await tone.getByRole('button', { name: 'Play' }).click();
  const heard = await page.evaluate(
    () =>
      (window as unknown as { heard: { sampleRate: number; numberOfChannels: number; one: number[] } }).heard,
  );
  expect([heard.sampleRate, heard.numberOfChannels, heard.one.length]).toEqual([8000, 1, 101]);
  for (let at = 0; at < 101; at += 1) expect(heard.one[at]).toBeCloseTo(0.5 * Math.sin(1.1 * at), 3);
});
