import { readFileSync } from 'node:fs';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

let server: OwnServer;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_sweep.py');
});
test.afterAll(() => server.dispose());

const address = (rest = '') => `${server.url}/#/benchmark?compare=parameters&score=score@last${rest}`;
const chart = (page: Page) => page.getByRole('region', { name: /^Parallel coordinates: / });
const pass = (page: Page, count: number) =>
  expect(page.getByText(new RegExp(`^${count} of 12 pass`))).toBeVisible();
const best = (page: Page) => page.getByRole('region', { name: 'Best runs that pass' });
const head = (page: Page, name: string) => chart(page).getByRole('button', { name: new RegExp(`^${name}`) });

test('B-13: the parameter that decides is the most important, and has the first axis', async ({ page }) => {
  await page.goto(`${server.url}/#/benchmark?score=score@last`);
  await page.getByRole('button', { name: 'Parameters' }).click();
  await expect(page).toHaveURL(/compare=parameters/);
  const rows = page.getByRole('region', { name: 'Importance of parameters' }).getByRole('row');
  // Above it is the row of titles; lr goes down where the score goes up, rank for rank.
  await expect(rows.nth(1)).toContainText(/lr\s*[12]\.\d\d ± \d\.\d\d\s*(9\d\.\d|100\.0) %.*−1\.00/s);
  await expect(rows).toHaveCount(4);
  await expect(head(page, 'lr')).toContainText('log');
  await expect(chart(page)).toHaveAccessibleName('Parallel coordinates: 12 of 12 runs over 4 axes');
  await expect(best(page).getByRole('row').nth(1)).toContainText(/run-(03|07|11).*0\.0001.*30/);
  // What a run does not have is none, not zero.
  await expect(best(page).getByRole('row', { name: /run-03/ })).toContainText('–');
});

test('B-13: importances are saved as a table for programs', async ({ page }) => {
  await page.goto(address());
  await page.getByRole('button', { name: 'Save the importances' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Importance as CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('parameters.csv');
  const [head, first] = readFileSync(await download.path(), 'utf8').split(/\r?\n/);
  expect(head).toBe('parameter,permutation,permutation_sd,impurity,correlation,rank_correlation');
  expect(first).toMatch(/^lr,[12]\.\d+,0\.\d+,/);
});

test('B-13: a stretch of an axis lets its runs pass, a link keeps it, a click takes it away', async ({
  page,
}) => {
  await page.goto(address());
  await pass(page, 12);
  const axis = chart(page).locator('[data-axis="lr"]');
  const box = (await axis.boundingBox())!;
  // From the foot, 0.0001, to over the middle of two of three decades.
  await page.mouse.move(box.x + box.width / 2, box.y + box.height - 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.5, { steps: 4 });
  await page.mouse.up();
  await pass(page, 6);
  await expect(page).toHaveURL(/range=lr/);
  await page.reload();
  await pass(page, 6);
  await expect(best(page)).not.toContainText('run-00');
  await page.getByRole('button', { name: 'Show only these' }).click();
  await expect(page.getByText('6 of 6 pass')).toBeVisible();
  await page.keyboard.press('x');
  await expect(page).not.toHaveURL(/range=/);
});

test('B-13: by keyboard alone: ranges of numbers and words, scales, and the order of axes', async ({
  page,
}) => {
  await page.goto(address('&axes=lr,optimizer'));
  await head(page, 'lr').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/axes=optimizer%2Clr|axes=optimizer,lr/);
  await head(page, 'lr').press('Enter');
  const dialog = page.getByRole('dialog', { name: 'lr' });
  await dialog.getByRole('checkbox', { name: 'Logarithmic' }).press('Space');
  await expect(page).toHaveURL(/flip=lr/);
  await dialog.getByLabel('From').fill('0.01');
  await dialog.getByLabel('From').press('Tab');
  await pass(page, 6);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(head(page, 'lr')).toContainText('range');
  await head(page, 'optimizer').press('Enter');
  await page.getByRole('dialog', { name: 'optimizer' }).getByRole('checkbox', { name: 'sgd' }).press('Space');
  await expect(page).toHaveURL(/optimizer(%3A|:)w(%3A|:)adam/);
  await expect(best(page)).not.toContainText('sgd');
  await page.keyboard.press('Escape');
  await page.keyboard.press('x');
  await pass(page, 12);
});

for (const [scheme, width] of [
  ['light', 1440],
  ['dark', 390],
] as const) {
  test(`B-13: nothing for axe to find and nothing cut off, ${scheme} at ${width}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    await page.goto(address('&range=lr:n:0:0.01'));
    await pass(page, 9);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });
}

test('B-13: configs that do not differ are said with what to log', async ({ page }) => {
  await page.goto(address());
  await pass(page, 12);
  const runs = await server.runs();
  await page.goto(address(`&runs=${runs[0]!.id}`));
  await expect(page.getByRole('heading', { name: 'The configs of these runs do not differ' })).toBeVisible();
});
