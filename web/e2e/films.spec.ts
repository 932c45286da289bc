import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

const LOGS = join(dirname(fileURLToPath(import.meta.url)), '../../crates/ethogram_import/tests/data');
const NAME = 'CartPole-v1__ppo__1__1700000000';
const run = promisify(execFile);

let server: OwnServer;
let id: string;

/** A folder as a script of CleanRL leaves it: event files, and beside them the film of an episode. */
test.beforeAll(async () => {
  const made = await mkdtemp(join(tmpdir(), 'ethogram-films-'));
  await run(process.env.ETHOGRAM_PYTHON!, [join(import.meta.dirname, 'log_films.py'), made]);
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
  await rename(join(films, 'part'), join(films, 'rl-video-episode-3.mp4'));
  await rm(made, { recursive: true });
  await expect
    .poll(async () => {
      const answer = (await (await fetch(`${server.url}/api/runs`)).json()) as { runs: { id: string }[] };
      id = answer.runs[0]?.id ?? '';
      return id;
    })
    .not.toBe('');
});
test.afterAll(() => server.dispose());

/** Red in the middle of the picture: four a step, as far as H.264 keeps it. */
function redOf(page: Page): Promise<number> {
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
