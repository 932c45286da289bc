import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { recordedEpisodes } from './demo';
import { attribution, breakout, overlaid, panel, place } from './why';

/** Steps of the published Breakout episode whose attributions captum computed, in the order of the file. */
const CAPTUM_STEPS = [530, 2000];

interface Golden {
  shape: number[];
  values: Float32Array;
}

/** One array of the reference attributions that the engine is tested with. */
function captum(name: string): Golden {
  const path = (ending: string) =>
    fileURLToPath(
      new URL(
        `../../crates/ethogram_model/testdata/attributions/breakout-a3c-80M-seed000.${ending}`,
        import.meta.url,
      ),
    );
  const about = JSON.parse(readFileSync(path('json'), 'utf8')) as {
    arrays: { name: string; shape: number[]; offset: number }[];
  };
  const { shape, offset } = about.arrays.find((array) => array.name === name)!;
  const bytes = readFileSync(path('bin'));
  const count = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: count }, (_, i) => bytes.readFloatLE(4 * (offset + i)));
  return { shape, values };
}

const shownStep = (page: Page) => page.locator('[data-counter="step"]');

test('A-5: saliency is laid over what the policy received, at the same step, and taken away again', async ({
  page,
  request,
}) => {
  const { run, episode } = await breakout(request);
  await page.goto(`/#/replay?run=${run}&episode=${episode}&step=530`);
  await expect(place(page)).toHaveAttribute('data-picture', 'shown');
  await expect(shownStep(page)).toContainText('530');
  await page.keyboard.press('s');
  await overlaid(page, 530);
  await expect(shownStep(page)).toContainText('530');
  await expect(page).toHaveURL(/why=/);
  // Something is drawn, and it lies exactly over the part of the frame that the observation was cut from.
  const boxes = await page.evaluate(() => {
    const overlay = document.querySelector<HTMLCanvasElement>('canvas[data-overlay]')!;
    const picture = overlay.parentElement!.querySelector<HTMLCanvasElement>('canvas:not([data-overlay])')!;
    const alpha = overlay.getContext('2d')!.getImageData(0, 0, overlay.width, overlay.height).data;
    const rect = (canvas: HTMLCanvasElement) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return [left, top, width, height];
    };
    return {
      overlay: rect(overlay),
      picture: rect(picture),
      size: [overlay.width, overlay.height],
      drawn: alpha.filter((value, i) => i % 4 === 3 && value > 0).length,
    };
  });
  const [left, top, width, height] = boxes.picture;
  expect(boxes.overlay).toEqual([left, top + (height * 35) / 210, width, (height * 160) / 210]);
  expect(boxes.size).toEqual([80, 80]);
  expect(boxes.drawn).toBeGreaterThan(100);
  // It follows the playhead, and the strength is a choice of its own.
  await page.keyboard.press('ArrowRight');
  await overlaid(page, 531);
  await panel(page).getByText('how it looks').click();
  await page.getByRole('slider', { name: 'Strength of the overlay' }).fill('0.4');
  await expect(page).toHaveURL(/opacity=0\.4/);
  await page.keyboard.press('s');
  await expect(place(page)).not.toHaveAttribute('data-overlay-step');
  await expect(shownStep(page)).toContainText('531');
});

test('what the server says of a step equals captum and Greydanus', async ({ request }) => {
  const at = await breakout(request);
  const cases: [Record<string, string>, string, number][] = [
    [{ method: 'saliency', target: 'action' }, 'action__saliency_abs', 0.01],
    [{ method: 'saliency', target: 'value' }, 'value__saliency_abs', 0.01],
    [{ method: 'integrated_gradients', target: 'action' }, 'action__ig_gausslegendre', 0.01],
    [{ method: 'perturbation', target: 'action' }, 'perturbation__actor', 0.01],
  ];
  for (const [query, name, tolerance] of cases) {
    const { shape, values } = captum(name);
    const width = shape.slice(1).reduce((product, length) => product * length, 1);
    const step = CAPTUM_STEPS[0];
    const found = await attribution(request, at, step, query);
    const expected = values.subarray(0, width);
    const most = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(found.values.length).toBe(width);
    const worst = found.values.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i])), 0);
    expect(worst / most, `${name} at step ${step}`).toBeLessThan(tolerance);
  }
});

test('another target, method and network are asked by name, and a link keeps them', async ({
  page,
  request,
}) => {
  const { run, episode } = await breakout(request);
  await page.goto(
    `/#/replay?run=${run}&episode=${episode}&step=300&why=perturbation&target=value&image=observation`,
  );
  await overlaid(page, 300);
  const why = panel(page);
  await expect(why.getByLabel('method', { exact: true })).toHaveValue('perturbation');
  await expect(why.locator('[data-target]')).toHaveAttribute('data-target', 'value');
  await page.keyboard.press('t');
  await why.getByRole('radio', { name: /^LEFT/ }).check();
  await expect(page).toHaveURL(/target=3/);
  await expect(why).toContainText('LEFT');
  await why.getByLabel('network').selectOption('40000000');
  await expect(page).toHaveURL(/checkpoint=40000000/);
  await overlaid(page, 300);
});

test('a vector observation is explained entry by entry, and what cannot be explained says what to log', async ({
  page,
  request,
}) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-dqn', 1);
  await page.goto(`/#/replay?run=${lander.run}&episode=${lander.episode}&step=20&why=integrated_gradients`);
  const why = panel(page);
  await expect(why.locator('[data-why="answered"]')).toContainText('adds up');
  await expect(why.locator('tr[data-entry]')).toHaveCount(8);
  const found = await attribution(request, lander, 20, { method: 'integrated_gradients', target: 'action' });
  expect(Math.abs(found.error!)).toBeLessThan(1);
  const wrong = await request.get(
    `/api/runs/${lander.run}/episodes/${lander.episode}/attribution?method=tea_leaves&from=0&to=1`,
  );
  expect(wrong.status()).toBe(400);
  expect(((await wrong.json()) as { message: string }).message).toContain('integrated_gradients');
});

for (const look of ['light', 'dark'] as const) {
  test(`why has no accessibility fault that axe finds, ${look}`, async ({ page, request }) => {
    await page.emulateMedia({ colorScheme: look });
    const { run, episode } = await breakout(request);
    await page.goto(
      `/#/replay?run=${run}&episode=${episode}&step=300&why&image=observation&look=1&also=target%3Dvalue`,
    );
    await overlaid(page, 300);
    await page.keyboard.press('t');
    await expect(panel(page).locator('[data-question]')).toHaveCount(2);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations).toEqual([]);
  });
}
