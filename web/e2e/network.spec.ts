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

test('D-9: weights of checkpoints have histograms though nobody logged any', async ({ page, request }) => {
  const { run } = await breakout(request);
  const body = async (rest: string) =>
    new Body(await (await request.get(`/api/runs/${run}/network${rest}`)).body());
  const list = (await body('')).header as unknown as {
    weights: { name: string; shape: number[] }[];
    checkpoints: { global_step: number }[];
  };
  const narrow = list.weights.find(({ shape: [rows = 0, columns = 0, ...rest] }) => {
    return rest.length === 0 && rows > 1 && columns > 1;
  })!;
  const of = `weight/${narrow.name}`;
  const found = await body(`/histograms?of=${encodeURIComponent(of)}&bins=16`);
  const counts = found.numbers('counts');
  const entries = narrow.shape[0]! * narrow.shape[1]!;
  const checkpoints = list.checkpoints.length;
  expect(counts).toHaveLength(checkpoints * 16);
  for (let row = 0; row < checkpoints; row += 1) {
    const sum = counts.slice(row * 16, (row + 1) * 16).reduce((all, count) => all + count, 0);
    expect(sum).toBe(entries);
  }

  await page.goto(`/#/network?run=${run}&array=${encodeURIComponent(of)}`);
  const spread = page.getByRole('region', { name: 'How its numbers are spread' });
  await expect(spread.getByRole('img', { name: new RegExp(`${checkpoints} histograms from`) })).toBeVisible({
    timeout: 30_000,
  });
  // Ridges instead, which the address keeps.
  await spread.getByRole('button', { name: 'ridges' }).click();
  await expect(spread.getByRole('img', { name: /one behind the other/ })).toBeVisible();
  await expect(page).toHaveURL(/spread=ridges/);

  // The number under the arrow keys is that of the file.
  const sheet = page.getByRole('img', { name: /^Numbers of/ });
  await sheet.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  const picture = await body(`/picture?of=${encodeURIComponent(of)}`);
  const cells = picture.numbers('cells');
  const columns = narrow.shape[1]!;
  const text = (await page.locator('#entry').textContent())!.trim();
  expect(text).toMatch(/^\[1, 1\]: /);
  expect(Number(text.split(': ')[1]!.replace('−', '-'))).toBeCloseTo(cells[columns + 1]!, 3);
  await page.keyboard.press('Escape');
  await expect(page.locator('#entry')).toContainText('point at a cell');
});

test('A-17: the array that is shown, and all weights, are saved as npz', async ({ page, request }) => {
  const { run } = await breakout(request);
  await page.goto(`/#/network?run=${run}`);
  await page.getByRole('button', { name: 'Save arrays' }).click({ timeout: 30_000 });
  const links = page.getByRole('link', { name: /as npz$/ });
  await expect(links).toHaveText([/^This array at step/, /^This array at all steps/, /^All weights at step/]);
  for (const link of await links.all()) {
    const answer = await request.get((await link.getAttribute('href'))!);
    expect(answer.status(), await link.textContent().then(String)).toBe(200);
    expect((await answer.body()).subarray(0, 2).toString()).toBe('PK');
  }
  await page.keyboard.press('Escape');
});
