import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from '@playwright/test';

import type { OwnServer } from './own_server';
import { pythonWithPackage } from './python';
import { drag, held, holdFirst, map, open, pictures, plot, SCRIPT, serverOn, WHOLE } from './states_page';

// Maps are computed and pictures decoded on the machine's few cores.
test.describe.configure({ timeout: 240_000 });

let server: OwnServer;

test.beforeAll(async () => {
  server = await serverOn(['rooms', 'many']);
});
test.afterAll(async () => {
  await server.dispose();
});

test('A-13: pictures of states in place of points at any zoom, and words by any field', async ({ page }) => {
  let asked = 0;
  page.on('request', (request) => (asked += Number(request.url().includes('/frames?'))));
  await open(server, page, 'rooms');
  await page.getByLabel('pictures of the states').check();
  await expect(page).toHaveURL(/pictures=on/);
  // The whole map, as it stands: some of each room.
  await expect.poll(() => pictures(page)).toBeGreaterThanOrEqual(3);
  await expect(page.getByText(/pictures are on their way/)).toHaveCount(0);
  // One question an episode, of which there are 12.
  expect(asked).toBeLessThanOrEqual(12);
  const whole = await pictures(page);
  // A picture is what the pointer is on, and a click on it plays its step.
  await plot(page).focus();
  await page.keyboard.press('Home');
  const place = await plot(page)
    .locator('.tip')
    .evaluate((tip: HTMLElement) => [parseFloat(tip.style.left), parseFloat(tip.style.top)]);
  // Enlarged around a point there are more pictures of what is there.
  const box = (await plot(page).boundingBox())!;
  await page.mouse.move(box.x + place[0], box.y + place[1]);
  await page.mouse.wheel(0, -1100);
  await expect(page).toHaveURL(/cam=/);
  await expect.poll(() => pictures(page)).toBeGreaterThan(whole);
  await expect(page.getByText(/pictures are on their way/)).toHaveCount(0);
  expect(asked).toBeLessThanOrEqual(36);
  // And from far away, fewer.
  await page.getByRole('button', { name: 'Whole map' }).click();
  await expect.poll(() => pictures(page)).toBe(whole);
  await plot(page).focus();
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('-');
  await expect.poll(() => pictures(page)).toBeLessThanOrEqual(whole);
  await expect.poll(() => pictures(page)).toBeGreaterThanOrEqual(1);

  const painted = async () => (await plot(page).screenshot()).toString('base64');
  const before = await painted();
  await page.getByLabel('words', { exact: true }).selectOption('action');
  await expect(page).toHaveURL(/label=action/);
  await expect.poll(painted).not.toBe(before);
  await page.keyboard.press('Escape');
  await page.getByLabel('pictures of the states').uncheck();
  await expect.poll(() => pictures(page)).toBe(0);

  // Where no picture was logged, the numbers of the observation are one.
  await open(server, page, 'many', '&points=5000&pictures=on');
  await expect(page.getByText(/a bar is a number of the observation/)).toBeVisible();
  await expect.poll(() => pictures(page)).toBeGreaterThanOrEqual(3);
});

test('A-13: names of sets and of states are changed on the map, kept with the run, and taken back', async ({
  page,
}) => {
  const run = await open(server, page, 'rooms');
  await page.keyboard.press('x');
  await drag(page, WHOLE);
  await page.keyboard.press('v');
  const tag = (text: string) => page.locator(`[data-tag="${text}"]`);
  await tag('set 1').getByRole('button').click();
  await tag('set 1').getByRole('textbox').fill('everywhere');
  await page.keyboard.press('Enter');
  await expect(tag('everywhere')).toBeVisible();
  await expect(page.locator('[data-set="everywhere"]')).toBeVisible();
  await expect(page).toHaveURL(/sets=[^&]*everywhere/);
  // No two sets have one name.
  await page.keyboard.press('x');
  await drag(page, WHOLE);
  await page.keyboard.press('v');
  await page.getByLabel('Name of the set set 1').fill('everywhere');
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-set="set 1"]')).toBeVisible();

  // A state has a name, which is a hotspot of its moment.
  await holdFirst(page);
  await held(page).getByLabel('name').fill('the door');
  await page.keyboard.press('Enter');
  await expect(tag('the door')).toBeVisible();
  const titles = async () => {
    const notes = (await (await fetch(`${server.url}/api/runs/${run}/notes`)).json()) as {
      episodes: Record<string, { hotspots: { from: number; to: number; title: string }[] }>;
    };
    return (notes.episodes['0']?.hotspots ?? []).map(({ from, to, title }) => [from, to, title]);
  };
  expect(await titles()).toEqual([[0, 0, 'the door']]);
  await tag('the door').getByRole('button').focus();
  await page.keyboard.press('F2');
  await tag('the door').getByRole('textbox').fill('the first door');
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-name="the first door"]')).toBeVisible();
  await expect.poll(titles).toEqual([[0, 0, 'the first door']]);
  await tag('the first door').getByRole('button').focus();
  await page.keyboard.press('Delete');
  await expect.poll(titles).toEqual([]);
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.click();
  await expect.poll(titles).toEqual([[0, 0, 'the first door']]);
  await undo.click();
  await expect(tag('the door')).toBeVisible();
  await undo.click();
  await expect.poll(titles).toEqual([]);
  // Further back: the second set, then the name of the first.
  await undo.click();
  await expect(page.locator('[data-set]')).toHaveCount(1);
  await page.keyboard.press('Control+z');
  await expect(page.locator('[data-set="set 1"]')).toBeVisible();
});

test('A-13: bookmarks are renamed, saved in a file and read from one', async ({ page }) => {
  await open(server, page, 'rooms', '&colour=value&at=none');
  await page.getByLabel('Name of this view').fill('by value');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByLabel('Name of the view by value').fill('how good');
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-bookmark="how good"]')).toBeVisible();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as JSON' }).click(),
  ]);
  const path = (await file.path())!;
  await page.getByLabel('colour', { exact: true }).selectOption('reward');
  await page.getByRole('button', { name: 'Take the bookmark how good away' }).click();
  await expect(page.locator('[data-bookmark]')).toHaveCount(0);
  await page.getByLabel('A file of views').setInputFiles(path);
  await expect(page.getByText('1 read')).toBeVisible();
  await page.getByRole('button', { name: 'Go to how good' }).click();
  await expect(page.getByLabel('colour', { exact: true })).toHaveValue('value');
  const odd = { name: 'odd.json', mimeType: 'application/json', buffer: Buffer.from('{"views": [3]}') };
  await page.getByLabel('A file of views').setInputFiles(odd);
  await expect(page.getByRole('alert')).toContainText('odd.json: view 1');
});

test('States: steps of a run that grows are added when told, and sets stay with their steps', async ({
  page,
}) => {
  const logging = spawn(pythonWithPackage(), [SCRIPT, server.root, 'growing'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(logging.stdout, 'data');
    await expect(async () => {
      const runs = await server.runs();
      expect(runs.find(({ name }) => name === 'growing')?.recorded).toBe(1);
    }).toPass();
    await open(server, page, 'growing');
    await expect(map(page)).toHaveAttribute('data-points', '60');
    await page.keyboard.press('x');
    await drag(page, WHOLE);
    logging.stdin.write('\n');
    await expect(page.getByText('40 new steps since this map was made')).toBeVisible();
    await expect(map(page)).toHaveAttribute('data-points', '60');
    await page.getByRole('button', { name: 'Add them' }).click();
    // One of them has no numbers.
    await expect(map(page)).toHaveAttribute('data-points', '99');
    await expect(page.getByText('new steps since this map was made')).toHaveCount(0);
    await expect(page.locator('[data-set="set 1"]')).toContainText('60 points in 1 episode');
  } finally {
    logging.stdin.end();
    await once(logging, 'exit');
  }
});
