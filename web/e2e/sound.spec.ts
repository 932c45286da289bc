import { join } from 'node:path';

import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';
import { python } from './python';

/** An offline run of W&B with a sound of two channels, 80 samples at 8,000 Hz, and points beside it. */
const SOURCE = join(import.meta.dirname, '../../python/tests/wandb_files/more-media');

let server: OwnServer;
let run: string;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await python('-m', 'ethogram', 'convert', SOURCE, server.root);
  run = await server.onlyId();
});
test.afterAll(() => server.dispose());

test('B-15: a sound of W&B is seen and heard in a panel', async ({ page }) => {
  // What is played is listened to on its way out.
  await page.addInitScript(() => {
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (this: AudioBufferSourceNode) {
      const { sampleRate, numberOfChannels } = this.buffer!;
      const [one, other] = [0, 1].map((channel) => [...this.buffer!.getChannelData(channel)]);
      Object.assign(window, { heard: { sampleRate, numberOfChannels, one, other } });
      start.call(this);
    };
  });
  await page.goto(`${server.url}/#/overview?run=${run}`);
  const dialog = page.getByRole('dialog');
  const add = async (name: string) => {
    await page.getByRole('button', { name: 'Add panel' }).click();
    await dialog.getByRole('textbox', { name: 'Search fields' }).fill(name);
    await dialog.getByRole('button', { name }).first().click();
    await dialog.getByRole('group', { name: 'Shown as' }).getByRole('button', { name: 'Sound' }).click();
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    return page.getByRole('region', { name, exact: true });
  };
  const tone = await add('tone');
  await expect(tone).toContainText('0.01 s · 8,000 Hz · 2 channels · a tone');
  await expect(tone.getByRole('img', { name: 'Wave of tone' })).toBeVisible();
  await tone.getByRole('button', { name: 'Play' }).click();
  const heard = await page.evaluate(
    () =>
      (
        window as unknown as {
          heard: { sampleRate: number; numberOfChannels: number; one: number[]; other: number[] };
        }
      ).heard,
  );
  expect([heard.sampleRate, heard.numberOfChannels, heard.one.length]).toEqual([8000, 2, 80]);
  for (let at = 0; at < 80; at += 1) {
    expect(heard.one[at]).toBeCloseTo(0.5 * Math.sin(at / 4), 4);
    expect(heard.other[at] + heard.one[at]).toBe(0);
  }
  await expect(tone.getByRole('button', { name: 'Play' })).toBeVisible();
  const cloud = await add('cloud');
  await expect(cloud).toContainText('No sound: nothing says its sample rate');
  const { violations } = await new AxeBuilder({ page }).include('[data-panel]').analyze();
  expect(violations).toEqual([]);
  if (process.env.ETHOGRAM_SHOTS)
    for (const scheme of ['light', 'dark'] as const)
      for (const width of [1440, 390]) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize({ width, height: 900 });
        await tone.scrollIntoViewIfNeeded();
        await page.screenshot({ path: `${process.env.ETHOGRAM_SHOTS}/sound-${scheme}-${width}.png` });
      }
});
