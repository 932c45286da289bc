import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';
import { goTo, pixels, shown, stage, stepsWhile } from './stage';

let server: OwnServer;
let idOf: Map<string, string>;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_pictures.py');
  idOf = await server.idsByName(10);
});
test.afterAll(async () => {
  await server.dispose();
});

const open = (page: Page, kind: string, rest = '') =>
  page.goto(`${server.url}/#/replay?run=${idOf.get(kind)}&episode=0${rest}`);

// What `log_pictures.py` says of its pixels.
type Pixel = (x: number, y: number, step: number) => number[];
const greyOf =
  (plane: number): Pixel =>
  (x, y, step) => {
    const value = (3 * x + 2 * y + 10 * step + 40 * plane) % 256;
    return [value, value, value, 255];
  };
const rgbOf: Pixel = (x, y, step) => [(7 * x) % 256, (9 * y) % 256, 20 * step, 255];
const PLACES: [number, number][] = [
  [0, 0],
  [1, 0],
  [0, 1],
  [23, 17],
  [47, 35],
];

async function expectPixels(page: Page, step: number, of: Pixel, [width, height] = [48, 36]) {
  await expect(async () => {
    const found = await pixels(page, PLACES);
    expect([found.width, found.height]).toEqual([width, height]);
    expect(found.rgba).toEqual(PLACES.map(([x, y]) => of(x, y, step)));
  }).toPass();
}

test('D-11: grey, RGB, RGBA, channels first and floats are shown as they were logged', async ({ page }) => {
  const kinds: [string, Pixel][] = [
    ['grey', greyOf(0)],
    ['rgb', rgbOf],
    ['rgba', (x, y, step) => (x < 24 ? rgbOf(x, y, step) : [0, 0, 0, 0])],
    ['channels_first', rgbOf],
    ['float', greyOf(0)],
  ];
  for (const [kind, of] of kinds) {
    await open(page, kind, '&step=2');
    await shown(page, 2);
    await expectPixels(page, 2, of);
    await goTo(page, 5);
    await expectPixels(page, 5, of);
  }
  await expect(page.locator('[data-scale]')).toHaveText('black −2, white 2');
});

test('D-11: of a stack one frame is chosen, or all stand side by side', async ({ page }) => {
  for (const kind of ['stack_first', 'stack_last']) {
    await open(page, kind, '&step=1');
    await shown(page, 1);
    await expectPixels(page, 1, greyOf(3));
    const planes = page.getByRole('group', { name: 'Plane of the stack' });
    await planes.getByRole('button', { name: 't−3' }).click();
    await expectPixels(page, 1, greyOf(0));
    await planes.getByRole('button', { name: 'all' }).click();
    await expect(page).toHaveURL(/plane=all/);
    await expect(async () => {
      const found = await pixels(page, [
        [0, 0],
        [50, 0],
        [150, 0],
      ]);
      expect(found.width).toBe(4 * 48 + 3 * 2);
      expect(found.rgba).toEqual([0, 1, 3].map((plane) => greyOf(plane)(0, 0, 1)));
    }).toPass();
  }
});

test('D-11: pictures of one pixel and of 4K are shown, the large ones in bounded memory', async ({
  page,
}) => {
  await open(page, 'one_pixel', '&step=3');
  await shown(page, 3);
  expect(await pixels(page, [[0, 0]])).toEqual({ width: 1, height: 1, rgba: [[120, 120, 120, 255]] });
  await open(page, 'large', '&step=2');
  // 25 MB are decoded first, which takes its time on a busy machine.
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown', { timeout: 120_000 });
  const found = await pixels(page, [[20, 15]]);
  expect(Math.max(found.width, found.height), 'sides of the canvas').toBeLessThanOrEqual(2048);
  // Place (20, 15) of half the size lies in the block of 80 × 60 at (0, 0).
  expect(found.rgba).toEqual([rgbOf(0, 0, 2)]);
  await expect(page.getByText('3840 × 2160')).toContainText('1/2');
});

test('D-11: the pixel under the pointer is read as it was logged', async ({ page }) => {
  await open(page, 'float', '&step=0&zoom=8');
  await shown(page, 0);
  const point = async (x: number, y: number) => {
    const box = (await stage(page).locator('canvas').boundingBox())!;
    expect([box.width, box.height], 'whole screen pixels').toEqual([48 * 8, 36 * 8]);
    await page.mouse.move(box.x + (x + 0.5) * 8, box.y + (y + 0.5) * 8);
  };
  await point(10, 3);
  // (3 · 10 + 2 · 3) / 255 · 4 − 2
  await expect(page.locator('[data-pixel]')).toHaveText('x 10, y 3: −1.435');
  await open(page, 'rgb', '&step=4&zoom=8');
  await shown(page, 4);
  await point(10, 4);
  await expect(page.locator('[data-pixel]')).toHaveText('x 10, y 4: 70 36 80');
});

test('D-11: first and last frame are reached in a loop, of the whole and of a part, both ways', async ({
  page,
}) => {
  const loops: [string, number, number][] = [
    ['&loop=all', 0, 5],
    ['&loop=1-3', 1, 3],
    ['&loop=1-3&reverse=1', 1, 3],
  ];
  for (const [rest, from, to] of loops) {
    await open(page, 'rgb', `&step=${from}&fps=10${rest}`);
    await shown(page, from);
    const steps = await stepsWhile(page, async () => {
      await page.keyboard.press('Space');
      await page.waitForTimeout(3000);
      await page.keyboard.press('Space');
    });
    const distinct = [...new Set(steps)].toSorted((a, b) => a - b);
    expect(distinct, rest).toEqual(Array.from({ length: to - from + 1 }, (_, i) => from + i));
    expect(steps.length, 'it went round').toBeGreaterThan(to - from + 2);
  }
});

test('R-15: a rollout with nothing but rewards and actions is shown, and says what else to log', async ({
  page,
}) => {
  await open(page, 'numbers', '&step=50');
  await expect(page.locator('[data-counter=step]')).toContainText('50');
  await expect(page.locator('[data-counter=reward]')).toHaveText('1');
  await expect(page.getByRole('region', { name: 'Time line' }).locator('[data-track=reward]')).toBeVisible();
  await expect(
    page.getByRole('img', { name: /^Actions over the steps; at step 50: action 2/ }),
  ).toBeVisible();
  await expect(page.getByRole('img', { name: /^Moments: 2 × reward, terminated/ })).toBeVisible();
  await expect(page.getByText('render_mode="rgb_array"')).toBeVisible();
  await expect(page.getByText('env.annotate(action_probabilities=p, value=v)')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  // It plays, and jumps from reward to reward.
  await page.keyboard.press('n');
  await expect(page.locator('[data-counter=step]')).toContainText('110');
  await page.keyboard.press('Shift+N');
  await expect(page.locator('[data-counter=step]')).toContainText('50');
  await page.keyboard.press('Space');
  await expect(page.locator('[data-counter=step]')).not.toContainText(/^50/);
});

test('R-13: first, back, play, on, last, counter, slider, and the list of trajectories', async ({ page }) => {
  await open(page, 'numbers', '&step=20');
  const step = page.locator('[data-counter=step]');
  const slider = page.getByRole('slider', { name: 'Step', exact: true });
  const buttons: [string, number][] = [
    ['Step', 21],
    ['Step back', 20],
    ['Ten steps', 30],
    ['Ten steps back', 20],
    ['Last step', 199],
    ['First step', 0],
  ];
  await expect(slider).toHaveValue('20');
  for (const [name, at] of buttons) {
    await page.getByRole('button', { name, exact: true }).click();
    await expect(slider).toHaveValue(String(at));
    await expect(step).toHaveText(new RegExp(`^${at}\\s*/ 199`));
  }
  await slider.fill('77');
  await expect(step).toContainText('77');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  await page.getByRole('button', { name: 'Pause' }).click();

  await page.getByRole('button', { name: '3 recorded' }).click();
  const list = page.getByRole('navigation', { name: 'Recorded episodes' });
  await expect(list.getByRole('link')).toHaveCount(3);
  await expect(list.getByRole('link').nth(1)).toContainText(/1\s*return 2\s*150 steps/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/episode=1(&|$)/);
  await expect(slider).toHaveAttribute('max', '149');
  await page.keyboard.press(']');
  await expect(slider).toHaveAttribute('max', '119');
});
