import { expect, test, type Page } from '@playwright/test';

import { Body, features, lastPart, presets } from './features';
import { breakout } from './why';

// An ascent asks the network two hundred times.
test.describe.configure({ timeout: 180_000 });

const dialog = (page: Page) => page.getByRole('dialog');

test('U-14: what a feature would like to see, beside the state that excites it most', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  const preset = await presets(request, at);
  const { told } = await features(request, at.run, { ...preset, steps: 64, of: 'activations', factors: 2 });
  await page.goto(`/#/features?run=${at.run}&steps=64&k=2&feature=2`);
  const drawn = dialog(page).locator('[data-drawn]');
  await dialog(page).getByRole('button', { name: 'Draw what excites it' }).click({ timeout: 40_000 });
  await expect(page).toHaveURL(/drawn=centre/);
  await expect(drawn).toHaveAttribute('data-drawn', 'here', { timeout: 90_000 });
  await expect(drawn.locator('[data-images]')).toHaveAttribute('data-images', '1');
  const shades = await drawn.locator('[data-images] canvas').evaluate((one: HTMLCanvasElement) => {
    const { data } = one.getContext('2d')!.getImageData(0, 0, one.width, one.height);
    return new Set(data).size;
  });
  // Black, white, and what lies between.
  expect(shades).toBeGreaterThan(4);
  // What is told is what the server found: more than the strongest real state, and far more than at the start.
  const answer = await request.post(`/api/runs/${at.run}/features/${told.features}/images`, {
    data: { factors: [1], place: 'centre', seed: 0 },
  });
  const { header } = new Body(lastPart(await answer.body()));
  const [image] = header.images as { excitation: number; start: number; strongest: { excitation: number } }[];
  expect(image!.excitation).toBeGreaterThan(Math.max(image!.start, image!.strongest.excitation));
  const shown = Number((await drawn.locator('[data-excitation]').textContent())!.replace('−', '-'));
  expect(shown / image!.excitation).toBeCloseTo(1, 1);
  await expect(drawn).toContainText('strongest state');
  await expect(drawn).toContainText('need not look like any state');
  await expect(drawn.getByRole('link')).toHaveAttribute('href', /#\/replay/);
  await drawn.getByRole('button', { name: 'Hide' }).click();
  await expect(drawn).toHaveAttribute('data-drawn', 'none');
});

test('U-14: an image is seen while it is drawn, with its curve, and stays when the ascent is stopped', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  // An image at each place takes long enough to be stopped.
  await page.goto(`/#/features?run=${at.run}&steps=64&k=2&feature=1&drawn=each`);
  const drawn = dialog(page).locator('[data-drawn]');
  await expect(drawn.locator('[data-curve]')).toBeVisible({ timeout: 60_000 });
  await expect(drawn).toHaveAttribute('data-drawn', 'drawing');
  await expect
    .poll(async () => Number(await drawn.locator('[data-images]').getAttribute('data-images')))
    .toBeGreaterThan(1);
  await expect(drawn).toContainText('drawn so far');
  await drawn.getByRole('button', { name: 'Stop' }).click();
  await expect(drawn).toHaveAttribute('data-drawn', 'stopped');
  await expect(drawn).toContainText(/stopped after \d+ steps/);
  await expect(drawn.locator('[data-images] canvas')).toBeVisible();
  await drawn.getByLabel('Where in the layer').selectOption('centre');
  await expect(drawn).toHaveAttribute('data-drawn', 'here', { timeout: 90_000 });
  await expect(drawn.locator('[data-curve]')).toHaveAttribute('data-curve', /^\d{2,}$/);
});
