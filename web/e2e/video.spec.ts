import { readFile } from 'node:fs/promises';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';
import { stage } from './stage';

/** One run to be filmed: see `log_films.py`. */
let server: OwnServer;
let run: string;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_films.py');
  run = await server.onlyId();
});
test.afterAll(() => server.dispose());

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Save a video of episode 0' });

async function open(page: Page, rest = ''): Promise<void> {
  await page.goto(`${server.url}/#/replay?run=${run}&episode=0${rest}`);
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown');
  await page.getByRole('button', { name: 'Save a video of this episode' }).click();
  await expect(dialog(page)).toBeVisible();
}

async function save(page: Page) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog(page).getByRole('button', { name: 'Save', exact: true }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

interface Seen {
  width: number;
  height: number;
  duration: number;
  /** One a time that was asked for: longest run of each colour in any row, and a pixel of each half of the picture. */
  frames: { runs: number[]; left: number[]; right: number[] }[];
}

/** Plays a film in a page of its own and looks at its frames at some times. */
async function played(page: Page, bytes: Buffer, times: number[], colours: number[][]): Promise<Seen> {
  const place = await page.context().newPage();
  const seen = await place.evaluate(
    async ({ source, times, colours }) => {
      const video = document.createElement('video');
      video.muted = true;
      const ready = new Promise((resolve, reject) => {
        video.onloadeddata = resolve;
        video.onerror = () => reject(new Error(video.error?.message ?? 'no video'));
      });
      video.src = source;
      await ready;
      const canvas = document.createElement('canvas');
      const [width, height] = [(canvas.width = video.videoWidth), (canvas.height = video.videoHeight)];
      const context = canvas.getContext('2d', { willReadFrequently: true })!;
      const frames = [];
      for (const time of times) {
        const there = new Promise((resolve) => (video.onseeked = resolve));
        video.currentTime = time;
        await there;
        context.drawImage(video, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        const pixel = (x: number, y: number) => [...data.slice(4 * (y * width + x), 4 * (y * width + x) + 3)];
        const runs = colours.map((colour) => {
          let longest = 0;
          for (let y = 0; y < height; y += 1) {
            for (let x = 0, length = 0; x < width; x += 1) {
              const at = 4 * (y * width + x);
              const near = colour.every((level, channel) => Math.abs(data[at + channel] - level) < 30);
              length = near ? length + 1 : 0;
              longest = Math.max(longest, length);
            }
          }
          return longest;
        });
        frames.push({ runs, left: pixel(60, 60), right: pixel(16 + 13 * 48 - 60, 60) });
      }
      return { width, height, duration: video.duration, frames };
    },
    { source: `data:video/mp4;base64,${bytes.toString('base64')}`, times, colours },
  );
  await place.close();
  return seen;
}

/** Colours of the first, third and fourth lane. */
const INKS = [
  [0x02, 0x72, 0xb1],
  [0x0a, 0x99, 0x70],
  [0xe0, 0x66, 0xad],
];

test('B-5: the film that Replay saves plays in the browser, and its bars and pictures equal the log', async ({
  page,
}) => {
  await open(page);
  await expect(dialog(page)).toContainText('60 frames, 3.0 s');
  const violations = (await new AxeBuilder({ page }).include('dialog').analyze()).violations;
  expect(violations).toEqual([]);
  await dialog(page).getByRole('spinbutton', { name: 'First step' }).fill('5');
  await dialog(page).getByRole('spinbutton', { name: 'Last step' }).fill('44');
  await expect(dialog(page)).toContainText('40 frames, 2.0 s');
  const film = await save(page);
  expect(film.name).toBe('films_episode_0.mp4');
  await expect(dialog(page).getByRole('status')).toContainText('Saved films_episode_0.mp4');

  const steps = [5, 17, 30, 44];
  const times = steps.map((step) => (step - 5 + 0.5) / 20);
  const seen = await played(page, film.bytes, times, INKS);
  // The picture is 13 times as large, the bars stand beside it.
  expect(seen.width).toBe(16 + 13 * 48 + 16 + 384 + 16);
  expect(seen.height).toBe(16 + 13 * 36 + 16);
  expect(seen.duration).toBeCloseTo(2, 2);
  const rail = seen.frames[0].runs[1];
  expect(rail).toBeGreaterThan(120);
  for (const [at, { runs, left, right }] of seen.frames.entries()) {
    const part = steps[at] / 44;
    // A bar that ends at the frame of the one taken may lose a pixel to it.
    expect(Math.abs(runs[0] - part * rail), `step ${steps[at]}`).toBeLessThanOrEqual(2);
    expect(Math.abs(runs[1] - rail)).toBeLessThanOrEqual(2);
    expect(Math.abs(runs[2] - rail / 2)).toBeLessThanOrEqual(2);
    for (const [pixel, green] of [
      [left, 60],
      [right, 220],
    ] as const) {
      const apart = [4 * steps[at], green, 90].map((level, channel) => Math.abs(level - pixel[channel]));
      expect(Math.max(...apart), `step ${steps[at]}: ${pixel.join(' ')}`).toBeLessThanOrEqual(8);
    }
  }

  // Below the picture it is higher and as wide as the picture.
  await dialog(page).getByRole('button', { name: 'below' }).click();
  const below = await played(page, (await save(page)).bytes, [0], INKS);
  expect(below.width).toBe(16 + 13 * 48 + 16);
  expect(below.height).toBeGreaterThan(seen.height);
});

test('a gif is saved with the bars that are on the screen', async ({ page }) => {
  await open(page, '&axis=auto&loop=10-19');
  await expect(dialog(page)).toContainText('10 frames, 0.5 s');
  await expect(dialog(page).getByRole('button', { name: 'fits each step' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await dialog(page).getByRole('button', { name: 'gif' }).click();
  const { name, bytes } = await save(page);
  expect(name).toBe('films_episode_0.gif');
  expect(bytes.subarray(0, 6).toString()).toBe('GIF89a');
  await dialog(page).getByRole('combobox', { name: 'Picture' }).selectOption('none');
  await dialog(page).getByRole('combobox', { name: 'Bars' }).selectOption('none');
  await expect(dialog(page).getByRole('status')).toContainText('Choose a picture or bars.');
  await expect(dialog(page).getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
});

test('a film can be stopped, and an error says what to do', async ({ page }) => {
  await open(page);
  let asked = 0;
  await page.route('**/video?**', () => {
    asked += 1;
  });
  const failed = page.waitForEvent('requestfailed');
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog(page).getByRole('progressbar', { name: 'Frames done' })).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Stop' }).click();
  await failed;
  expect(asked).toBe(1);
  await expect(dialog(page)).toContainText('60 frames, 3.0 s');

  await page.unroute('**/video?**');
  const busy = {
    code: 'busy',
    message: '2 films are being made already',
    hint: 'ask again when one is done',
  };
  await page.route('**/video?**', (route) => route.fulfill({ status: 503, json: busy }));
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog(page).getByRole('status')).toContainText('ask again when one is done');
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();
  await page.keyboard.press('v');
  await expect(dialog(page)).toBeVisible();
  await expect(dialog(page).getByRole('status')).toContainText('60 frames');
});
