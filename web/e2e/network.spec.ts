import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

import { Body } from './features';
import { breakout } from './why';

test('A-17: weights, filters and activations are pictures at each checkpoint, their variance too', async ({
  page,
  request,
}) => {
  const { run } = await breakout(request);
  const body = async (rest: string) =>
    new Body(await (await request.get(`/api/runs/${run}/network${rest}`)).body());
  const list = (await body('')).header as unknown as {
    weights: { name: string; title: string; shape: number[] }[];
    layers: { name: string; operator: string }[];
    checkpoints: { global_step: number }[];
  };
  const filters = list.weights.find(({ shape }) => shape.length === 4 && shape[1]! > 1)!;
  await page.goto(`/#/network?run=${run}&array=${encodeURIComponent(`weight/${filters.name}`)}`);
  const sheet = page.getByRole('img', { name: /^Numbers of/ });
  const [outputs, inputs, height, width] = filters.shape as [number, number, number, number];
  await expect(sheet).toHaveAttribute(
    'data-cells',
    `${outputs * (height + 1) - 1}x${inputs * (width + 1) - 1}`,
    {
      timeout: 30_000,
    },
  );
  const painted = () => sheet.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const newest = await painted();
  const at = page.locator('output[data-at]');
  await expect(at).toHaveAttribute('data-at', String(list.checkpoints.at(-1)!.global_step));
  // The first checkpoint, by keys: other weights, the same scale.
  const scale = page.getByText('the same at all steps');
  await expect(scale).toBeVisible();
  await page.getByRole('slider').focus();
  await page.keyboard.press('Home');
  await expect(at).toHaveAttribute('data-at', String(list.checkpoints[0]!.global_step));
  await expect.poll(painted).not.toBe(newest);
  const of = encodeURIComponent(`weight/${filters.name}`);
  const { spread } = (await body(`/picture?of=${of}&at=${list.checkpoints[0]!.global_step}`))
    .header as unknown as {
    spread: { low: number };
  };
  const low = Number((await page.locator('[data-low]').textContent())!.replace('−', '-'));
  expect(low).toBeCloseTo(spread.low, 3);
  await page.keyboard.press('End');
  await page.getByLabel('show', { exact: true }).selectOption('2');
  await expect(page).toHaveURL(/window=2/);
  await expect(page.getByRole('img', { name: /^Variance of/ })).toBeVisible();
  await expect(page.getByText(/variance over 2 steps of shape/)).toBeVisible();
  // What a layer holds at a state, by the network of the checkpoint.
  const layer = list.layers.find(({ operator }) => /^(Relu|LeakyRelu|Elu)$/.test(operator))!;
  await page.getByLabel('array', { exact: true }).selectOption(`layer/${layer.name}`);
  await page.getByLabel('show', { exact: true }).selectOption('1');
  await expect(page.getByRole('img', { name: /^Numbers of layer/ })).toBeVisible();
  await expect(page.getByLabel('episode', { exact: true })).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
});
