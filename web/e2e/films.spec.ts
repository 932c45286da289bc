import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';

import { OwnServer } from './own_server';
import { python } from './python';

const LOGS = join(dirname(fileURLToPath(import.meta.url)), '../../crates/ethogram_import/tests/data');
const NAME = 'CartPole-v1__ppo__1__1700000000';
const run = promisify(execFile);

let server: OwnServer;
let id: string;

/** A folder as a script of CleanRL leaves it: event files, and beside them the film of an episode. */
test.beforeAll(async () => {
  const made = await mkdtemp(join(tmpdir(), 'ethogram-films-'));
  await python(join(import.meta.dirname, 'log_films.py'), made);
  const project = join(made, 'films');
  const [recorded] = await readdir(project);
  const film = join(made, 'film.mp4');
  await run(process.env.ETHOGRAM_BIN!, ['video', join(project, recorded!), '--bars', 'none', '-o', film]);

  server = await OwnServer.onEmptyFolder();
  await cp(join(LOGS, 'summarywriter-a2c-cartpole-seed1'), join(server.root, 'runs', NAME), {
    recursive: true,
  });
  const films = join(server.root, 'videos', NAME);
  await mkdir(films, { recursive: true });
  await cp(film, join(films, 'part'));
  await cp(join(films, 'part'), join(films, 'rl-video-episode-5.mp4'));
  await rename(join(films, 'part'), join(films, 'rl-video-episode-3.mp4'));
  await rm(made, { recursive: true });
  id = await server.onlyId();
});
test.afterAll(() => server.dispose());

/** Red in the middle of the picture: four a step, as far as H.264 keeps it. */
function redOf(page: Page | Locator): Promise<number> {
  return page.locator('video').evaluate((video: HTMLVideoElement) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext('2d')!;
    context.drawImage(video, 0, 0);
    return context.getImageData(video.videoWidth / 4, video.videoHeight / 2, 1, 1).data[0]!;
  });
}

test('B-15: the film of an episode plays in Replay where no step was recorded', async ({ page }) => {
  await page.goto(`${server.url}/#/replay?run=${id}&episode=3&step=20`);
  const figure = page.locator('figure[data-film]');
  await expect(figure).toHaveAttribute('data-film', 'shown');
  await expect(figure).toContainText('Film, not recorded frames: rl-video-episode-3.mp4');
  // The middle of the frame of each step, wherever the playhead goes.
  for (const [key, step] of [
    ['', 20],
    ['ArrowRight', 21],
    ['shift+ArrowRight', 31],
    ['End', 59],
  ] as const) {
    if (key) await page.keyboard.press(key.replace('shift', 'Shift'));
    await expect
      .poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime))
      .toBeCloseTo((step + 0.5) / 20, 1);
    await expect.poll(async () => Math.abs((await redOf(page)) - 4 * step)).toBeLessThan(14);
    await expect(page).toHaveURL(new RegExp(`step=${step}\\b`));
  }
  await page.keyboard.press('Home');
  await page.keyboard.press(' ');
  await expect
    .poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime))
    .toBeGreaterThan(0.5);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('B-15: what only a film stands for has neither length nor return in Episodes', async ({ page }) => {
  await page.goto(`${server.url}/#/episodes?run=${id}`);
  const headers = await page.locator('table thead th').allInnerTexts();
  const row = page.locator('table tbody tr').filter({ has: page.locator('td', { hasText: /^3$/ }) });
  for (const label of ['Return', 'Length'])
    await expect(row.locator('td').nth(headers.findIndex((text) => text.includes(label)))).toHaveText('–');
});

test('B-15: films play in the Gallery on the clock of all, larger under the pointer, and lead to Replay', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/gallery?runs=${id}&layout=newest`);
  const tiles = page.locator('[data-tile]');
  await expect(tiles).toHaveCount(2);
  await expect(tiles.first()).toContainText('film');
  const slider = page.getByRole('slider', { name: /of all episodes/ });
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  for (const step of [20, 40]) {
    await slider.fill(String(step));
    for (const episode of [3, 5]) {
      const tile = page.locator(`[data-tile="${id}:${episode}"]`);
      await expect(tile.locator('[data-picture=shown]')).toHaveAttribute('data-step', String(step));
      await expect.poll(async () => Math.abs((await redOf(tile)) - 4 * step)).toBeLessThan(14);
    }
  }
  await page.keyboard.press('ArrowLeft');
  await expect(tiles.first().locator('[data-picture]')).toHaveAttribute('data-step', '39');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  // Larger where the keyboard is.
  await tiles.first().getByRole('link').focus();
  const larger = page.getByRole('complementary', { name: /larger/ });
  await expect(larger).toContainText('the steps of this episode were not recorded');
  await expect.poll(async () => Math.abs((await redOf(larger)) - 4 * 39)).toBeLessThan(14);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/replay\?.*step=39/);
});

test('B-15: the table of runs knows of films', async ({ page }) => {
  await page.goto(`${server.url}/#/runs?q=has:film`);
  await expect(page.locator('tr[data-run] .holds')).toContainText('2 filmed episodes');
  await page.goto(`${server.url}/#/runs?q=filmed%3E2`);
  await expect(page.getByText('No run matches')).toBeVisible();
});

test('B-15: films are compared, held together by their end', async ({ page }) => {
  await page.goto(`${server.url}/#/compare`);
  // Their posters are frames of the films.
  const offered = page.getByRole('region', { name: 'Add an episode' }).getByRole('button', { name: /^ep / });
  await expect(offered.first().locator('[data-thumbnail=shown]')).toBeVisible();
  await offered.filter({ hasText: 'ep 3' }).click();
  await offered.filter({ hasText: 'ep 5' }).click();
  const members = page.locator('[data-member]');
  await expect(members).toHaveCount(2);
  await page.getByRole('spinbutton', { name: /Offset .*episode 5/ }).fill('7');
  await page.keyboard.press('Tab');
  const slider = page.getByRole('slider', { name: /tick|step/i }).first();
  await slider.fill('20');
  // Seven steps into its film while the other has not begun: the clock counts from the first of them.
  for (const [at, step] of [13, 20].entries()) {
    await expect(members.nth(at)).toHaveAttribute('data-step', String(step));
    await expect.poll(async () => Math.abs((await redOf(members.nth(at))) - 4 * step)).toBeLessThan(14);
  }
  await page.goto(`${server.url}/#/compare?of=${id}:3,${id}:5&offset=0,0&by=event&event=end`);
  for (const member of await members.all()) await expect(member).toHaveAttribute('data-step', '59');
});

test('U-2: a report carries the film of an episode that was not recorded', async ({ page }, info) => {
  const file = info.outputPath('films.html');
  const log = join(server.root, 'runs', NAME);
  await run(process.env.ETHOGRAM_BIN!, ['report', log, '--episode', '3', '-o', file]);
  const asked: string[] = [];
  page.on('request', (request) => /^https?:/.test(request.url()) && asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  const card = page.locator('.episode', { hasText: 'not recorded, a film' });
  await expect(card.locator('[data-thumbnail=shown]')).toBeVisible();
  await card.getByRole('link', { name: 'Episode 3' }).click();
  await expect(page.locator('figure[data-film]')).toHaveAttribute('data-film', 'shown');
  await page.keyboard.press('End');
  await expect.poll(async () => Math.abs((await redOf(page)) - 4 * 59)).toBeLessThan(14);
  // The film of episode 5 was not asked for.
  await expect(page.getByRole('link', { name: /next/i })).toHaveCount(0);
  expect(asked).toEqual([]);
});
