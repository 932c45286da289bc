import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

let server: OwnServer;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_seeds.py');
});
test.afterAll(() => server.dispose());

const chart = (page: Page, title: string) =>
  page.locator('article', { has: page.getByRole('heading', { name: title }) });

test('B-1: runs that differ in their seed are one line with its band', async ({ page }) => {
  await page.goto(`${server.url}/#/training?smooth=0`);
  const losses = chart(page, 'td');
  await expect(losses.getByRole('application', { name: /4 lines/ })).toBeVisible();

  await page.getByLabel('Group').selectOption({ label: 'Name without seed' });
  await expect(page).toHaveURL(/group=name/);
  for (const title of ['td', 'Return of each episode']) {
    const one = chart(page, title);
    await expect(one.getByRole('application', { name: /2 lines/ })).toBeVisible();
    await expect(one.getByText('Mean of runs, band: 95 % interval of the mean')).toBeVisible();
    const lines = one.getByRole('listitem');
    // Seeds give 1, 2 and 3.
    await expect(lines.nth(0)).toHaveText(/dqn\s+n = 3\s+2$/);
    await expect(lines.nth(1)).toHaveText(/ppo\s+n = 1\s+20$/);
  }

  // sd 1, n 3: 2 ∓ 4.303/√3, by Student's t with two degrees of freedom.
  await losses.getByRole('button', { name: 'Show as table' }).click();
  const table = losses.getByRole('region', { name: /as a table/ });
  await expect(table.getByRole('rowheader', { name: 'dqn, n = 3' })).toBeVisible();
  await expect(table.getByText(/^2 \(−0\.484\d* to 4\.484\d*\)$/).first()).toBeVisible();
});

test('B-1: a link carries the grouping; a member of the config groups, but no seed', async ({ page }) => {
  await page.goto(`${server.url}/#/training?group=config:learning_rate&x=relative`);
  await expect(chart(page, 'td').getByRole('listitem')).toHaveText(/learning_rate = 0\.001\s+n = 4/);
  await expect(page.getByLabel('Group').locator('optgroup option')).toHaveText([
    'algorithm',
    'learning_rate',
  ]);
  await expect(page.getByRole('button', { name: 'Clock' })).toBeDisabled();
});

test('B-1: a point of a group opens the nearest recorded episode of its runs', async ({ page, request }) => {
  await page.goto(`${server.url}/#/training?smooth=0&group=group`);
  const returns = chart(page, 'Return of each episode');
  const lines = returns.getByRole('application', { name: /2 lines/ });
  await expect(lines).toBeVisible();
  await lines.focus();
  await page.keyboard.press('End');
  await expect(returns.locator('[aria-live]')).toHaveText(/^dqn, step 40: 2 \(−0\.484\d* to 4\.484\d*\)$/);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/replay\?.*episode=\d+/);
  const id = /run=([^&]+)/.exec(page.url())![1];
  const answer = await request.get(`${server.url}/api/runs/${id}`);
  expect(((await answer.json()) as { info: { group: string } }).info.group).toBe('dqn');
});

test('B-1: a zoom of grouped curves asks the server for finer points of the groups', async ({ page }) => {
  await page.goto(`${server.url}/#/training?group=name`);
  const losses = chart(page, 'td');
  await expect(losses.getByRole('application', { name: /2 lines/ })).toBeVisible();
  const finer = page.waitForRequest(
    (asked) => asked.url().endsWith('/api/series') && /"runs":\[.*"from":/.test(asked.postData() ?? ''),
  );
  await losses.getByRole('application').focus();
  await page.keyboard.press('+');
  await finer;
  await expect(page).toHaveURL(/zoom=global_step/);
  await expect(losses.getByRole('listitem').nth(0)).toHaveText(/dqn\s+n = 3\s+2$/);
});
