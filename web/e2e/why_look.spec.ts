import { readFileSync } from 'node:fs';

import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';
import { attribution, breakout, countAsked, overlaid, overlayPixels, panel, place } from './why';

/** rld's normalisation, written down once more: sign, then the magnitude at which 95 % of the sum is reached. */
function normalised(values: number[], sign: string, outliers: number): number[] {
  const kept = values.map((value) => {
    if (sign === 'absolute') return Math.abs(value);
    if (sign === 'positive') return Math.max(0, value);
    return sign === 'negative' ? Math.max(0, -value) : value;
  });
  const sizes = kept.map(Math.abs).sort((a, b) => a - b);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let sum = 0;
  const scale = sizes.find((size) => (sum += size) >= (total * (100 - outliers)) / 100 - 1e-9) ?? 1;
  return kept.map((value) => Math.max(-1, Math.min(1, value / scale)));
}

test('R-8: sign modes and the outlier percentile change the overlay without asking again', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  const address = `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&why=gradient_times_input&blend=alone&colours=grey&look=1`;
  await page.goto(address);
  await overlaid(page, 530);
  const { values } = await attribution(request, at, 530, {
    method: 'gradient_times_input',
    target: 'action',
  });
  const why = panel(page);
  // What comes ahead of the playhead is asked for on its own; wait until it has come.
  await page.waitForLoadState('networkidle');
  const asked = countAsked(page);
  for (const [sign, outliers] of [
    ['both', 5],
    ['positive', 5],
    ['negative', 20],
    ['absolute', 0],
  ] as const) {
    await why.getByLabel('Sign', { exact: true }).selectOption(sign);
    await why.getByRole('slider', { name: 'Share of outliers' }).fill(String(outliers));
    const expected = normalised(values, sign, outliers).map((value) => Math.round(255 * Math.abs(value)));
    await expect
      .poll(async () => {
        const { data } = await overlayPixels(page);
        return expected.reduce((worst, grey, i) => Math.max(worst, Math.abs(data[4 * i]! - grey)), 0);
      }, `${sign}, ${outliers} %`)
      .toBeLessThanOrEqual(1);
  }
  await expect(page).toHaveURL(/sign=absolute/);
  await expect(page).toHaveURL(/outliers=0/);
  expect(asked()).toBe(0);
});

test('A-8: both heads at once are added to blue and to red, and maps are perceptual', async ({
  page,
  request,
}) => {
  test.setTimeout(120_000);
  const at = await breakout(request);
  await page.goto(
    `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&why=perturbation&blend=heads&outliers=0&opacity=1`,
  );
  await overlaid(page, 530);
  await expect(panel(page)).toContainText('Blue: what matters to the policy. Red: to the value.');
  const { width, height, data } = await overlayPixels(page);
  expect([width, height]).toEqual([80, 80]);
  const strongest = (channel: number) => {
    const channels = data.filter((_, i) => i % 4 === channel);
    return channels.indexOf(Math.max(...channels));
  };
  expect(data.filter((value, i) => i % 4 === 1 && value > 0)).toEqual([]);
  for (const [target, channel] of [
    ['action', 2],
    ['value', 0],
  ] as const) {
    const { values } = await attribution(request, at, 530, { method: 'perturbation', target });
    // Of the grid of places, five pixels apart.
    const side = Math.round(Math.sqrt(values.length));
    const most = values.indexOf(Math.max(...values));
    const place = strongest(channel);
    expect([Math.floor(place / 80), place % 80]).toEqual([Math.floor(most / side) * 5, (most % side) * 5]);
    expect(Math.max(...data.filter((_, i) => i % 4 === channel))).toBe(255);
  }
  // What is copied has the overlay; where the clipboard is closed it becomes a file.
  await page.evaluate(() => {
    navigator.clipboard.write = () => Promise.reject(new Error('closed'));
  });
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Copy as PNG' }).click();
  const png = readFileSync(await (await saved).path()).toString('base64');
  const blueness = await page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const pen = canvas.getContext('2d')!;
    pen.drawImage(picture, 0, 0);
    const pixels = pen.getImageData(0, 0, picture.width, picture.height).data;
    let most = 0;
    // Green is the grey beneath.
    for (let i = 0; i < pixels.length; i += 4) most = Math.max(most, pixels[i + 2]! - pixels[i + 1]!);
    return { size: [picture.width, picture.height], most };
  }, png);
  expect(blueness.size).toEqual([80, 80]);
  expect(blueness.most).toBeGreaterThan(100);
  await page.keyboard.press('Shift+S');
  await expect(page).not.toHaveURL(/blend=/);
  await page.goto(
    `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&why=saliency&blend=alone&colours=viridis&sign=absolute`,
  );
  await overlaid(page, 530);
  const maps = await overlayPixels(page);
  // The first colour of viridis where nothing is, the last where it is strongest.
  const seen = new Set(maps.data.flatMap((_, i) => (i % 4 ? [] : [maps.data.slice(i, i + 3).join()])));
  expect(seen.has('253,231,37')).toBe(true);
  expect([...seen].every((colour) => colour !== '0,0,0')).toBe(true);
});

test('U-11: the preset of RL Vision bleeds, has one scale for all steps, and stays in the link', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(
    `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&why=saliency&look=1`,
  );
  await overlaid(page, 530);
  const clear = async () => {
    const { data } = await overlayPixels(page);
    return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? value : 0), 0);
  };
  const why = panel(page);
  await page.waitForLoadState('networkidle');
  const asked = countAsked(page);
  await why.getByLabel('one scale', { exact: false }).first().check();
  await expect.poll(clear).toBeGreaterThan(0);
  const crisp = await clear();
  await why.getByRole('checkbox', { name: 'bleed' }).check();
  // What is strong bleeds over what is weak: more is covered.
  await expect.poll(clear).toBeGreaterThan(crisp * 1.3);
  expect(asked()).toBe(0);
  await why.getByLabel('Look', { exact: true }).selectOption({ label: 'RL Vision' });
  await expect(page).toHaveURL(/blend=grey/);
  await expect(page).toHaveURL(/smooth=1/);
  await expect(why.locator('[data-scale-steps]')).toContainText(/of \d+ steps/);
  const picture = place(page).locator('canvas:not([data-overlay])');
  await expect(picture).toHaveCSS('filter', 'grayscale(1)');
  await page.reload();
  await overlaid(page, 530);
  await expect(why.getByLabel('Look', { exact: true })).toHaveValue('bleed');
});

test.describe('over stacks and colours', () => {
  let server: OwnServer;
  test.beforeAll(async () => {
    server = await OwnServer.onEmptyFolder();
    await server.log('log_linear.py');
  });
  test.afterAll(() => server.dispose());

  /** Places of the overlay that are not clear, as row and column. */
  async function spots(page: import('@playwright/test').Page): Promise<string[]> {
    const { width, data } = await overlayPixels(page);
    return data.flatMap((value, i) =>
      i % 4 === 3 && value > 0 ? [`${Math.floor((i >> 2) / width)},${(i >> 2) % width}`] : [],
    );
  }

  test('R-11: each picture of a stack has its own part, side by side and with the plain picture beside', async ({
    page,
  }) => {
    const stack = await server.idOf('stack');
    const address = `${server.url}/#/replay?run=${stack}&episode=0&step=1&why=integrated_gradients&target=0&outliers=0&look=1`;
    await page.goto(address);
    await overlaid(page, 1);
    // The sum over the stack lies over the picture that is shown.
    expect(await spots(page)).toEqual(['2,2', '5,3', '20,16']);
    await panel(page).getByLabel('each picture of the stack').check();
    await expect.poll(() => spots(page)).toEqual(['2,2', '20,16']);
    await page
      .getByRole('group', { name: 'Plane of the stack' })
      .getByRole('button', { name: 't−2' })
      .click();
    await expect.poll(() => spots(page)).toEqual(['5,3']);
    // All pictures side by side are two pixels apart: column 3 of the second is 3 + 22.
    await page
      .getByRole('group', { name: 'Plane of the stack' })
      .getByRole('button', { name: 'all' })
      .click();
    await expect.poll(() => spots(page)).toEqual(['2,68', '5,25', '20,82']);
    await panel(page).getByLabel('plain picture beside').check();
    await expect(page.locator('[data-plain-step]')).toHaveAttribute('data-plain-step', '1');
    const [plain, over] = await page.evaluate(() =>
      ['[data-plain-step] canvas', '[data-picture] canvas:not([data-overlay])'].map((selector) => {
        const canvas = document.querySelector<HTMLCanvasElement>(selector)!;
        return [canvas.width, canvas.height, canvas.getContext('2d')!.getImageData(0, 0, 9, 9).data.join()];
      }),
    );
    expect(plain).toEqual(over);
  });

  test('R-11: channels that come last are summed where they are', async ({ page }) => {
    const colours = await server.idOf('colours');
    await page.goto(
      `${server.url}/#/replay?run=${colours}&episode=0&step=1&why=integrated_gradients&target=0&outliers=0`,
    );
    await overlaid(page, 1);
    expect(await spots(page)).toEqual(['10,4', '18,12']);
    const { width, height, data } = await overlayPixels(page);
    expect([width, height]).toEqual([20, 24]);
    // Warm speaks for the target, cold against it.
    const at = (row: number, column: number) =>
      data.slice(4 * (row * 20 + column), 4 * (row * 20 + column) + 3);
    const [warm, cold] = [at(10, 4), at(18, 12)];
    expect(warm[0]!).toBeGreaterThan(warm[2]!);
    expect(cold[2]!).toBeGreaterThan(cold[0]!);
  });

  test('what the policy saw of a rendered frame is overlaid there, pixel on pixel', async ({ page }) => {
    const cropped = await server.idOf('cropped');
    await page.goto(
      `${server.url}/#/replay?run=${cropped}&episode=0&step=1&why=integrated_gradients&target=0&outliers=0`,
    );
    await overlaid(page, 1);
    await expect(
      page.getByRole('group', { name: 'Picture' }).getByRole('button', { name: 'frame' }),
    ).toHaveAttribute('aria-pressed', 'true');
    expect(await spots(page)).toEqual(['5,3']);
    const [frame, overlay] = await page.evaluate(() =>
      ['canvas:not([data-overlay])', 'canvas[data-overlay]'].map((selector) => {
        const { left, top, width, height } = document
          .querySelector<HTMLCanvasElement>(`[data-picture] ${selector}`)!
          .getBoundingClientRect();
        return { left, top, width, height };
      }),
    );
    const zoom = frame!.width / 40;
    expect(overlay!.left).toBeCloseTo(frame!.left, 3);
    expect(overlay!.top).toBeCloseTo(frame!.top + 10 * zoom, 3);
    expect(overlay!.width).toBeCloseTo(40 * zoom, 3);
    expect(overlay!.height).toBeCloseTo(48 * zoom, 3);
  });

  test('R-10: 10,000 entries in a table that holds only what is in view, with filter and stable order', async ({
    page,
  }) => {
    const wide = await server.idOf('wide');
    await page.goto(`${server.url}/#/replay?run=${wide}&episode=0&step=2&why=integrated_gradients&target=0`);
    const table = panel(page).getByRole('region', { name: 'Attribution of each entry' });
    await expect(table).toHaveAttribute('data-entries', '10000');
    await expect(table.locator('tr[data-entry]').first()).toContainText('sensor 0');
    expect(await table.locator('tr[data-entry]').count()).toBeLessThan(60);
    // Its value 1.2 times its weight 9.
    await panel(page).getByLabel('order').selectOption('attribution');
    const first = table.locator('tr[data-entry]').first();
    await expect(first).toHaveAttribute('data-entry', '7654');
    await expect(first).toContainText('1.2');
    await expect(first).toContainText('m');
    await expect(first.locator('[data-raw]')).toHaveText('10.8');
    await expect(first.locator('[data-normal]')).toHaveText('1');
    // Scrolled to the end: what speaks against it most.
    await table.evaluate((region) => region.scrollTo(0, region.scrollHeight));
    const last = table.locator('tr[data-entry]').last();
    await expect(last.locator('[data-raw]')).toContainText('−');
    await panel(page).getByLabel('Filter entries by name').fill('sensor 765');
    await expect(panel(page).getByRole('status').first()).toContainText('11 of 10,000');
    await table.getByRole('button', { name: /^entry/ }).click();
    await expect(table.locator('tr[data-entry] th')).toHaveText([
      'sensor 765',
      ...Array.from({ length: 10 }, (_, i) => `sensor ${7650 + i}`),
    ]);
    // A second press turns it around.
    await table.getByRole('button', { name: /^entry/ }).click();
    await expect(table.locator('tr[data-entry] th').first()).toHaveText('sensor 7659');
  });
});
