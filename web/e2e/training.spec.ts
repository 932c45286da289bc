import { expect, test, type Page } from '@playwright/test';

import { recordedEpisodes, runs } from './demo';

/** The page of one run, once its curves are there. */
async function open(page: Page, run: string, rest = ''): Promise<void> {
  await page.goto(`/#/training?runs=${run}${rest}`);
  await expect(chart(page, 'Return of each episode').locator('canvas.line-below')).toBeVisible();
}

const chart = (page: Page, title: string) =>
  page.locator('article', { has: page.getByRole('heading', { name: title }) });

/** The part of a chart that takes the pointer. */
const plot = (page: Page, title: string) => chart(page, title).locator('canvas.line-above');

async function cartpole(request: Parameters<typeof runs>[0]): Promise<string> {
  const run = (await runs(request)).find(({ name }) => name.includes('cartpole'));
  if (!run) throw new Error('the demo runs hold no run named like "cartpole"');
  return run.id;
}

test('a click on a curve opens the recorded episode behind it', async ({ page, request }) => {
  const [any] = await recordedEpisodes(request, 'cartpole', 1);
  await open(page, any.run, '&smooth=0');
  const box = (await plot(page, 'Return of each episode').boundingBox())!;
  await expect(async () => {
    // Where the line is on the left, nobody knows; some height is near enough.
    for (const part of [0.9, 0.7, 0.5, 0.3, 0.1]) {
      await page.mouse.click(box.x + box.width * 0.5, box.y + box.height * part);
      if (page.url().includes('#/replay')) return;
    }
    throw new Error('no click found the line');
  }).toPass();
  await expect(page).toHaveURL(new RegExp(`#/replay\\?.*run=${any.run}&episode=\\d+`));
  await page.goBack();
  await expect(page).toHaveURL(/#\/training/);
});

test('dragging zooms in; a double click shows all again', async ({ page, request }) => {
  await open(page, await cartpole(request));
  const box = (await plot(page, 'Return of each episode').boundingBox())!;
  const tag = page.locator('article').nth(2);
  await expect(tag.locator('canvas.line-below')).toBeVisible();

  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 6 });
  await page.mouse.up();
  await expect(page).toHaveURL(/zoom=global_step:\d+\.\.\d+/);
  await page.mouse.dblclick(box.x + box.width * 0.5, box.y + 4);
  await expect(page).not.toHaveURL(/zoom=/);
});

test('a link carries filter, smoothing, axis and scale', async ({ page, request }) => {
  await page.goto(
    `/#/training?runs=${await cartpole(request)}&filter=return|length&smooth=0.9&x=relative&log=episodes.length`,
  );
  await expect(page.getByRole('textbox', { name: 'Filter tags' })).toHaveValue('return|length');
  await expect(page.getByRole('slider', { name: 'Smoothing' })).toHaveValue('0.9');
  await expect(page.getByRole('button', { name: 'Relative' })).toHaveAttribute('aria-pressed', 'true');
  const length = chart(page, 'Length of each episode');
  await expect(length.getByRole('button', { name: 'Logarithmic scale' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await expect(length.getByText('EMA 0.9')).toBeVisible();
});

test('the keyboard reads values, zooms and opens an episode', async ({ page, request }) => {
  await open(page, await cartpole(request));
  const lines = page.getByRole('application').first();
  await lines.focus();
  await page.keyboard.press('End');
  const said = chart(page, 'Return of each episode').locator('[aria-live]');
  await expect(said).toHaveText(/step [\d,]+: −?[\d.]+/);
  const before = await said.textContent();
  await page.keyboard.press('Home');
  await expect(said).not.toHaveText(before ?? '');
  await page.keyboard.press('+');
  await expect(page).toHaveURL(/zoom=/);
  await page.keyboard.press('Escape');
  await expect(page).not.toHaveURL(/zoom=/);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/replay\?.*episode=\d+/);
});

test('every chart can be read as a table', async ({ page, request }) => {
  await open(page, await cartpole(request));
  const one = chart(page, 'Return of each episode');
  await one.getByRole('button', { name: 'Show as table' }).click();
  const table = one.getByRole('region', { name: /as a table/ });
  await expect(table.getByRole('rowheader', { name: /cartpole/ })).toBeVisible();
  await expect(table.getByRole('row')).not.toHaveCount(0);
});

test('a filter that is no pattern says so and hides nothing', async ({ page, request }) => {
  await open(page, await cartpole(request));
  await page.keyboard.press('/');
  await page.keyboard.type('(');
  await expect(page.getByText(/Invalid regular expression|Unterminated/)).toBeVisible();
  await expect(chart(page, 'Return of each episode')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.type('zzz');
  await expect(page.getByRole('heading', { name: /No tag matches/ })).toBeVisible();
});
