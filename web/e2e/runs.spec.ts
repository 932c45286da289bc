import AxeBuilder from '@axe-core/playwright';

import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

/** A thousand when asked for; fewer otherwise, for the time that logging them takes. */
const MANY = Number(process.env.ETHOGRAM_E2E_RUNS ?? 120);

test.describe.configure({ timeout: 180_000 });

let server: OwnServer;
test.beforeAll(async () => {
  test.setTimeout(300_000);
  server = await OwnServer.onEmptyFolder();
  await server.log('log_many_runs.py', String(MANY));
  await server.log('log_odd_runs.py');
});
test.afterAll(() => server.dispose());

const rows = (page: Page) => page.locator('tr[data-run]');
const counts = (page: Page) => page.locator('p.counts');
const search = (page: Page) => page.getByRole('textbox', { name: 'Search runs' });
const all = MANY + 4;

test('Runs: search by word, key, value and pattern; chips write the query', async ({ page }) => {
  await page.goto(`${server.url}/#/runs`);
  await expect(counts(page)).toContainText(`${all} runs`);
  const third = Math.floor(MANY / 3);
  for (const [query, found] of [
    ['config.lr<1e-3', third + 1],
    ['group:lr-1 tag:odd', Math.floor(third / 2)],
    ['/^run-00[01]\\d$/', 20],
    ['-project:many', 4],
  ] as const) {
    await search(page).fill(query);
    await expect(counts(page)).toContainText(`${found} of ${all}`);
  }
  await search(page).fill('/(/');
  await expect(search(page)).toHaveAttribute('aria-invalid', 'true');
  await search(page).fill('');
  await page.getByRole('group', { name: 'Project' }).getByRole('button', { name: /^odd/ }).click();
  await expect(search(page)).toHaveValue('project:odd');
  await expect(rows(page)).toHaveCount(4);
  await expect(page).toHaveURL(/q=project:odd/);
  await page.reload();
  await expect(rows(page)).toHaveCount(4);
  // Names are text.
  await expect(page.getByText('🐍 <b>bold</b><img src=x onerror=alert(1)>').first()).toBeVisible();
  await expect(page.locator('.tag', { hasText: '<i>' })).toBeVisible();
});

test('Runs: groups fold, and tell mean and spread of their last returns', async ({ page }) => {
  await page.goto(`${server.url}/#/runs?q=project:many`);
  await page.getByLabel('Group').selectOption({ label: 'by group' });
  const group = page.locator('tr[data-group="lr-1"]');
  // Returns are 1 and 2, alternating.
  const n = MANY / 3;
  const sd = Math.sqrt((n * 0.25) / (n - 1));
  // Only rows in view exist, so the headings come up one after the other.
  const unfolded = page.locator('tr[data-group] button[aria-expanded="true"]');
  await expect(async () => {
    if ((await unfolded.count()) > 0) await unfolded.first().click();
    expect(await rows(page).count()).toBe(0);
  }).toPass();
  await expect(group).toContainText(`1.5 ± ${sd.toPrecision(3).replace(/0+$/, '')}`);
  // The address follows within a second.
  await page.waitForTimeout(1500);
  await page.reload();
  await expect(page.locator('tr[data-group]')).toHaveCount(3);
  await expect(rows(page)).toHaveCount(0);
});

test('Runs: only the rows in view exist, and the end is reached by a key', async ({ page }) => {
  await page.goto(`${server.url}/#/runs?sort=name&q=project:many`);
  await expect(rows(page).first()).toContainText('run-0000');
  expect(await rows(page).count()).toBeLessThan(80);
  await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', String(MANY + 1));
  await page.keyboard.press('End');
  await expect(rows(page).last()).toContainText(`run-${String(MANY - 1).padStart(4, '0')}`);
  expect(await rows(page).count()).toBeLessThan(80);
  await page.keyboard.press('x');
  await expect(rows(page).last().getByRole('checkbox')).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/overview\?.*run=/);
});

test('Runs: columns that differ, their order, and both remembered', async ({ page }) => {
  await page.goto(`${server.url}/#/runs?q=project:many`);
  await page.getByRole('button', { name: /^Columns/ }).click();
  await page.getByRole('button', { name: 'Only those that differ' }).click();
  const heads = () => page.locator('thead th.extra').allTextContents();
  await expect(async () => expect((await heads()).map((text) => text.trim())).toContain('lr')).toPass();
  const before = (await heads()).map((text) => text.trim());
  expect(before).toContain('seed');
  await page.getByRole('button', { name: 'seed before' }).click();
  await expect(async () => {
    const now = (await heads()).map((text) => text.trim());
    expect(now.indexOf('seed')).toBe(before.indexOf('seed') - 1);
  }).toPass();
  // A visit without a choice in the address finds them.
  await page.goto('about:blank');
  await page.goto(`${server.url}/#/runs`);
  await expect(page.getByRole('columnheader', { name: 'seed' })).toBeVisible();
});

test('Runs: a chosen colour is kept in the address and on other pages', async ({ page }) => {
  const list = await server.runs();
  const { id, name } = list.find((run) => run.name === 'plain')!;
  await page.goto(`${server.url}/#/runs?q=plain&runs=${id}`);
  const swatch = page.getByRole('button', { name: `Colour of ${name}` });
  const colour = () => swatch.evaluate((element) => getComputedStyle(element).backgroundColor);
  const before = await colour();
  await swatch.click();
  await page
    .getByRole('dialog', { name: `Colour of ${name}` })
    .getByRole('button', { name: 'Colour 5' })
    .click();
  await expect(async () => expect(await colour()).not.toBe(before)).toPass();
  await expect(page).toHaveURL(/inks=/);
  const chosen = await colour();
  await page.getByRole('navigation').getByRole('link', { name: 'Gallery' }).click();
  await expect(page.locator('th.names .swatch').first()).toHaveCSS('background-color', chosen);
});

test('Runs: configurations side by side, what differs first', async ({ page }) => {
  const list = await server.runs();
  const [a, b] = ['plain', 'thirty'].map((wanted) => list.find(({ name }) => name === wanted)!.id);
  await page.goto(`${server.url}/#/runs?runs=${a},${b}`);
  await page.getByRole('button', { name: 'Configurations' }).click();
  const dialog = page.getByRole('dialog', { name: 'Configurations of 2 runs' });
  await expect(dialog.getByRole('rowheader')).toHaveText(['lr, differs', 'net.width']);
  await expect(dialog.getByRole('row', { name: /^lr/ })).toContainText('0.001');
  await dialog.getByRole('checkbox').check();
  await expect(dialog.getByRole('rowheader')).toHaveCount(1);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(dialog).toBeHidden();
});

test('Runs: a small curve of the return, and the age of the state', async ({ page }) => {
  await page.goto(`${server.url}/#/runs?q=thirty`);
  await expect(
    rows(page)
      .first()
      .getByRole('img', { name: /Return over the episodes, from 5 to 5/ }),
  ).toBeVisible();
  await expect(rows(page).first()).toContainText(/Finished\s+(now|\d+ min ago)/);
});

for (const theme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`Runs: accessible at ${width} px, ${theme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`${server.url}/#/runs?q=project:odd&group=config.lr&cols=config.lr,config.net.width`);
      await expect(page.locator('tr[data-group]').first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
    });
  }
}

test('Runs: a long name keeps its end where there is no room for all of it', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  // The runs of the demo: those of this server have short names.
  await page.goto('/#/runs');
  const name = 'lunarlander-continuous-ppo';
  const link = page.getByRole('link', { name, exact: true });
  await expect(link).toHaveText(name);
  await expect(link).toHaveAttribute('title', new RegExp(`^${name}`));
  const [whole, tail] = [await link.boundingBox(), await link.locator('.tail').boundingBox()];
  expect(tail!.width).toBeGreaterThan(20);
  expect(tail!.x + tail!.width, 'the end lies in the link').toBeLessThanOrEqual(whole!.x + whole!.width + 1);
  expect(await link.locator('.head').evaluate((head) => head.scrollWidth > head.clientWidth)).toBe(true);
});

test('Replay: a run without pictures is not asked for any', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/frames')) asked.push(request.url());
  });
  await page.goto(`${server.url}/#/replay?run=${await server.idOf('run-0001')}&episode=0`);
  await expect(page.getByText('No pictures were recorded with this episode')).toBeVisible();
  expect(asked).toEqual([]);
});
