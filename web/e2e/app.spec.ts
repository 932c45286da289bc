import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { recordedEpisodes, runs } from './demo';

/** Pages and what says that they are ready. */
const PAGES: readonly [path: string, ready: (page: Page) => Promise<void>][] = [
  ['/#/runs', (page) => expect(page.getByRole('table')).toBeVisible()],
  ['/#/training', (page) => expect(page.locator('article canvas').first()).toBeVisible()],
];

/** Fails the test on errors in the console, and on any request that leaves the server. */
function watch(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

test('D-16: works without a network beyond the server, and every deep link survives a reload', async ({
  page,
  request,
  baseURL,
}) => {
  const [episode] = await recordedEpisodes(request, 'cartpole', 1);
  const complaints = watch(page);
  await page.route('**/*', (route) => {
    const url = route.request().url();
    if (url.startsWith(baseURL!) || url.startsWith('blob:') || url.startsWith('data:'))
      return route.continue();
    complaints.push(`request to ${url}`);
    return route.abort();
  });
  const links = [
    '/',
    '/#/runs?q=cartpole&sort=name',
    `/#/training?runs=${episode.run}&smooth=0.8`,
    `/#/episodes?run=${episode.run}`,
    `/#/replay?run=${episode.run}&episode=${episode.episode}&step=3`,
  ];
  for (const link of links) {
    await page.goto(link);
    await expect(page.getByText('Live', { exact: true })).toBeVisible();
    const hash = new URL(page.url()).hash;
    await page.reload();
    await expect(page.getByText('Live', { exact: true })).toBeVisible();
    expect(new URL(page.url()).hash).toBe(hash);
  }
  expect(complaints).toEqual([]);
});

for (const theme of ['light', 'dark'] as const) {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ]) {
    test(`accessible at ${width} px, ${theme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height });
      for (const [path, ready] of PAGES) {
        await page.goto(path);
        await ready(page);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0].html}`)).toEqual([]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow, `${path} is wider than the window`).toBeLessThanOrEqual(0);
      }
    });
  }
}

test('runs: search, sort, columns and the choice of what is shown', async ({ page, request }) => {
  const all = await runs(request);
  await page.goto('/#/runs');
  const rows = page.locator('tbody tr');
  await expect(rows).toHaveCount(all.length);

  await page.keyboard.press('/');
  await page.keyboard.type('cartpole');
  const wanted = all.filter(({ name, env_id }) => /cartpole/i.test(`${name} ${env_id ?? ''}`));
  await expect(rows).toHaveCount(wanted.length);
  await page.keyboard.press('Escape');
  await expect(rows).toHaveCount(all.length);

  await page.getByRole('button', { name: 'Name', exact: true }).click();
  const names = await rows.locator('.name a').allTextContents();
  const sorted = names.toSorted((a, b) => a.trim().localeCompare(b.trim(), 'en', { numeric: true }));
  expect(names).toEqual(sorted);
  await expect(page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'ascending');

  await page.getByRole('button', { name: /^Columns/ }).click();
  const first = page.locator('#columns-menu').getByRole('checkbox').first();
  const column = await page.locator('#columns-menu label span').first().textContent();
  await first.check();
  await expect(page.getByRole('columnheader', { name: column! })).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'None' }).click();
  await expect(page.locator('tbody').getByRole('checkbox', { checked: true })).toHaveCount(0);
  await rows.first().getByRole('checkbox').check();
  await page.getByRole('navigation').getByRole('link', { name: 'Training' }).click();
  await expect(page.getByText(`1 of ${all.length} runs shown`).first()).toBeVisible();
});

test('keys: the list of all of them, pages by two, and a switch for those who speak', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await expect(dialog.getByText('All keys')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await expect(page).toHaveURL(/#\/training/);
  await page.keyboard.press('?');
  await dialog.getByRole('checkbox').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/#\/training/);
});

test('the theme that was chosen outlasts a reload', async ({ page }) => {
  await page.goto('/');
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByRole('button', { name: 'Theme: auto' }).click();
  const light = await ground();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Theme: dark' })).toBeVisible();
  expect(await ground()).toBe(dark);
});

test('a run that is not there and a page that is not there are told, not blank', async ({ page }) => {
  await page.goto('/#/nowhere');
  await expect(page.getByRole('heading', { name: /no page/i })).toBeVisible();
  await page.goto('/#/training?runs=01ARZ3NDEKTSV4RRFFQ69G5FAV');
  await expect(page.getByRole('heading', { name: 'No run is shown' })).toBeVisible();
});

test('the run of the address is shown on every page, whatever the newest is, and Back returns to it', async ({
  page,
  request,
}) => {
  const all = await runs(request);
  const dqn = all.find(({ name }) => name === 'lunarlander-dqn')!;
  const like = all.filter((run) => run.env_id === dqn.env_id && run.project === dqn.project);
  expect(all[0].env_id).not.toBe(dqn.env_id);
  const on = page.locator('aside, main').getByRole('checkbox', { checked: true });
  await page.goto(`/#/training?run=${dqn.id}`);
  await expect(on).toHaveCount(like.length);
  await expect(page.getByRole('checkbox', { name: 'Show lunarlander-dqn' })).toBeChecked();
  await expect(page.getByRole('checkbox', { name: `Show ${all[0].name}` })).not.toBeChecked();
  await page.getByRole('link', { name: 'Gallery' }).click();
  await expect(page).toHaveURL(new RegExp(`gallery\\?.*run=${dqn.id}`));
  await expect(page.getByRole('rowheader').getByRole('link')).toHaveText(like.map(({ name }) => name));
  await page.getByRole('link', { name: 'States' }).click();
  await expect(page).toHaveURL(new RegExp(`states\\?.*run=${dqn.id}`));
  await expect(
    page
      .locator('details')
      .filter({ hasText: `${like.length} runs` })
      .first(),
  ).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('rowheader').getByRole('link')).toHaveText(like.map(({ name }) => name));
  await page.goBack();
  await expect(page.getByRole('checkbox', { name: 'Show lunarlander-dqn' })).toBeChecked();
});
