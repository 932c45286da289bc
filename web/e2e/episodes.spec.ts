import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test, type Page } from '@playwright/test';

import { runs } from './demo';
import { OwnServer } from './own_server';
import { TrainingLoop } from './training_loop';

let server: OwnServer;

test.beforeEach(async () => {
  server = await OwnServer.onEmptyFolder();
});
test.afterEach(async () => {
  await server.dispose();
});

/** Logs runs as `log_episodes.py` has them. */
async function log(...scenario: string[]): Promise<void> {
  await server.log('log_episodes.py', ...scenario);
}

/** Opens the page of a run, once its table is there. */
async function open(page: Page, run: string, rest = '', base = server.url): Promise<void> {
  await page.goto(`${base}/#/episodes?run=${run}${rest}`);
  await expect(table(page).locator('tbody tr').first()).toBeVisible();
}

const table = (page: Page) => page.getByRole('region', { name: 'Episodes', exact: true });
const row = (page: Page, episode: number) => table(page).locator(`tr[data-episode="${episode}"]`);
const plot = (page: Page) => page.getByRole('application', { name: /^Episodes:/ });
const counts = (page: Page) => page.locator('.counts');

/** The table of actions: name and count by id. */
async function actions(page: Page): Promise<Record<string, string>> {
  const shown = page.getByRole('table', { name: /How often each action was taken/ }).locator('tbody tr');
  await expect(shown.first()).toBeVisible();
  const cells = await shown.evaluateAll((all) =>
    all.map((one) => [
      one.getAttribute('data-id'),
      [...one.children]
        .slice(1)
        .map((cell) => (cell as HTMLElement).innerText.replace(/\s+/g, ' ').trim())
        .join(' '),
    ]),
  );
  return Object.fromEntries(cells) as Record<string, string>;
}

/** Where a point was put, once the keyboard is on it. */
async function placeOfHovered(page: Page): Promise<{ x: number; y: number }> {
  const [box, at] = await Promise.all([
    plot(page).boundingBox(),
    plot(page)
      .locator('.tip')
      .evaluate((tip: HTMLElement) => ({ x: parseFloat(tip.style.left), y: parseFloat(tip.style.top) })),
  ]);
  return { x: box!.x + at.x, y: box!.y + at.y };
}

test('D-4: an episode that took actions 0 and 2 alone shows all actions by name, the others as never taken', async ({
  page,
}) => {
  await log('odd');
  const run = await server.idOf('<b>odd</b> 🙂');
  await open(page, run, '&episode=0&actions=one');
  expect(await actions(page)).toEqual({
    '0': 'NOOP 40.0 % 8',
    '1': 'FIRE 0 % 0',
    '2': 'RIGHT 60.0 % 12',
    '3': 'LEFT 0 % 0',
  });
  await page.getByRole('button', { name: 'all of these' }).click();
  await expect(page.getByText('30 steps of 2 recorded episodes')).toBeVisible();
  expect(await actions(page)).toMatchObject({ '1': 'FIRE 0 % 0', '3': 'LEFT 33.3 % 10' });
  // The same of what passes a filter.
  await page.getByRole('textbox', { name: 'Filter episodes' }).fill('level >= 2');
  await expect(page.getByText('10 steps of 1 recorded episode')).toBeVisible();
  expect(await actions(page)).toMatchObject({ '0': 'NOOP 0 % 0', '3': 'LEFT 100 % 10' });
});

test('D-5: returns from −21 to 21 are all drawn, and the polynomial of degree 5 is that of NumPy', async ({
  page,
}) => {
  await log('pong');
  const text = readFileSync(
    join(import.meta.dirname, '../../crates/ethogram_analysis/testdata/trend.json'),
    'utf8',
  );
  const { cases } = JSON.parse(text) as {
    cases: Record<string, { y: (number | null)[]; polynomial_5: number[] }>;
  };
  for (const [name, missing] of [
    ['pong', 0],
    ['pong with gaps', cases['pong with gaps'].y.filter((y) => y === null).length],
  ] as const) {
    const { polynomial_5: expected, y } = cases[name];
    const run = await server.idOf(name.replace(' with', ''));
    await open(page, run, '&trend=poly5');
    await page.getByRole('button', { name: 'Show as table' }).click();
    const twin = page.getByRole('region', { name: 'Episodes as a table' });
    await expect(twin.getByRole('row', { name: /^Up: Return/ })).toContainText(`${y.length - missing}−2121`);
    if (missing > 0) await expect(page.getByText(`${missing} NaN or missing`)).toBeVisible();
    const lines = twin.locator('table').nth(1).locator('tbody tr');
    await expect(lines).toHaveCount(40);
    await expect(lines.first().locator('td').nth(2)).not.toHaveText('NaN');
    const told = await lines.evaluateAll((all) =>
      all.map((one) =>
        [...one.querySelectorAll('td')].map((cell) =>
          Number(cell.innerText.replace(/,/g, '').replace('−', '-')),
        ),
      ),
    );
    for (const [episode, , height] of told) {
      // Four digits are written.
      expect(Math.abs(height - expected[episode]), `episode ${episode}`).toBeLessThan(
        Math.max(0.0006, Math.abs(expected[episode]) * 0.0006),
      );
    }
  }
  // Every other trend is to be had, and is another line.
  const heights = new Set<string>();
  for (const trend of ['median', 'loess', 'linear', 'poly2', 'poly5']) {
    await page.getByLabel('trend').selectOption(trend);
    const cell = page
      .getByRole('region', { name: 'Episodes as a table' })
      .locator('table')
      .nth(1)
      .locator('tbody tr')
      .nth(20)
      .locator('td')
      .nth(2);
    await expect(cell).not.toHaveText('NaN');
    await expect(async () => {
      const text = await cell.innerText();
      expect(heights.has(text)).toBe(false);
      heights.add(text);
    }).toPass();
  }
});

test('D-6: a dot opens its episode in Replay, and what is pointed at is brought out in table and scatter', async ({
  page,
  request,
  baseURL,
}) => {
  const run = (await runs(request)).find(({ name }) => name.includes('cartpole'))!;
  await open(page, run.id, '&q=recorded', baseURL);
  await plot(page).focus();
  await page.keyboard.press('End');
  const last = run.episodes - 1;
  await expect(row(page, last)).toHaveClass(/active/);
  await expect(plot(page).locator('.tip')).toContainText(`episode ${last}`);
  const { x, y } = await placeOfHovered(page);

  // The pointer on a dot does the same, and a dot far down the table is scrolled to.
  await page.mouse.move(x - 60, y + 40);
  await page.mouse.move(x, y, { steps: 3 });
  await expect(table(page).locator('tr.active')).toHaveCount(1);
  await expect(plot(page).locator('.tip canvas')).toBeVisible();

  // A row that is pointed at has a ring around its dot.
  const ring = () =>
    plot(page)
      .locator('canvas')
      .nth(1)
      .evaluate((canvas: HTMLCanvasElement) =>
        canvas
          .getContext('2d')!
          .getImageData(0, 0, canvas.width, canvas.height)
          .data.some((byte) => byte > 0),
      );
  await page.mouse.move(10, 10);
  await expect.poll(ring).toBe(false);
  await row(page, last).hover();
  await expect.poll(ring).toBe(true);

  await page.mouse.click(x, y);
  await expect(page).toHaveURL(new RegExp(`#/replay\\?.*run=${run.id}`));
  await expect(page).toHaveURL(/episode=\d+/);
  const episode = Number(/episode=(\d+)/.exec(page.url())![1]);
  await expect(page.locator('canvas').first()).toBeVisible();
  await expect(page.getByText(/reward/i).first()).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/#\/episodes/);
  await page.goForward();
  await expect(page).toHaveURL(new RegExp(`episode=${episode}(&|$)`));

  // Back to the table with the episode still in the address: it is the one selected.
  await page.goto(`${baseURL}/#/episodes?run=${run.id}&episode=${episode}`);
  await expect(row(page, episode)).toHaveClass(/selected/);
});

test('A-4: an episode appears within 2 s of its end and is selected, newest first', async ({ page }) => {
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('episode 7');
  const run = await server.idOf('live-run');
  await open(page, run, '&follow=1');
  await expect(row(page, 0)).toHaveClass(/selected/);
  const latencies: number[] = [];
  for (let episode = 1; episode <= 5; episode += 1) {
    const endedAt = await loop.tell(`episode ${10 + episode}`);
    await expect(row(page, episode)).toBeVisible({ timeout: 5000 });
    latencies.push(Date.now() - endedAt);
    await expect(row(page, episode)).toHaveClass(/selected/);
    await page.waitForTimeout(150);
  }
  test
    .info()
    .annotations.push({ type: 'latency', description: `${latencies.map(Math.round).join(', ')} ms` });
  expect(Math.max(...latencies), `of ${latencies.join(', ')} ms the largest`).toBeLessThan(2000);
  await expect(table(page).locator('tbody tr').first()).toHaveAttribute('data-episode', '5');
  await expect(page).toHaveURL(/episode=5/);

  await loop.tell('open');
  await loop.tell('numbers 3');
  await expect(row(page, 6)).toContainText('live');
  await expect(page.getByText('1 live, not drawn')).toBeVisible();
  await loop.tell('close');
  await expect(row(page, 6)).toContainText('terminated');
  await expect(row(page, 6)).toHaveClass(/selected/);
  // By hand the choice is one's own again.
  await page.keyboard.press('n');
  await expect(page).not.toHaveURL(/follow=1/);
  loop.kill();
});

test('a stretch of the scatter filters the table, and everything is in the address', async ({ page }) => {
  await log('pong');
  await open(page, await server.idOf('pong'));
  const box = (await plot(page).boundingBox())!;
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.6, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.99, middle, { steps: 5 });
  await page.mouse.up();
  await expect(counts(page)).toContainText(/^1\d\d of 400 episodes/);
  await expect(page.getByRole('region', { name: 'Summary' })).toContainText(
    /1\d\d\s+episodes in the stretch/,
  );
  await expect(page).toHaveURL(/box=\d+/);
  const shown = await counts(page).innerText();
  await page.getByRole('button', { name: /^Return/ }).click();
  await expect(table(page).locator('tbody tr').first()).toContainText('21');
  await page.waitForTimeout(1100);
  await page.reload();
  await expect(counts(page)).toHaveText(shown);
  await expect(table(page).getByRole('columnheader', { name: /Return/ })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  await page.getByRole('button', { name: 'Clear the stretch' }).click();
  await expect(counts(page)).toContainText('400 of 400');
});

test('the filter says which word is wrong, and hostile names stay text', async ({ page }) => {
  page.on('dialog', () => expect(false, 'a script of a run ran').toBe(true));
  await log('odd');
  await open(page, await server.idOf('<b>odd</b> 🙂'));
  await expect(table(page).getByText('<script>alert(2)</script>')).toBeVisible();
  await expect(table(page).getByRole('button', { name: '<img src=x onerror=alert(1)>' })).toBeVisible();
  for (const text of ['NaN', '∞', '−∞']) {
    await expect(table(page).getByText(text, { exact: true })).toBeVisible();
  }
  await expect(page.getByText('2 infinite, at the edge · 1 NaN or missing')).toBeVisible();

  await page.keyboard.press('/');
  const field = page.getByRole('textbox', { name: 'Filter episodes' });
  await expect(field).toBeFocused();
  await field.fill('retrun > 3');
  await expect(page.getByRole('alert')).toContainText('did you mean return?');
  await expect(counts(page)).toContainText('6 of 6');
  await field.fill('return > 3');
  await expect(counts(page)).toContainText('2 of 6');
  await field.fill('');
  await table(page).getByRole('button', { name: 'level/3' }).click();
  await expect(field).toHaveValue('tag="level/3"');
  await expect(counts(page)).toContainText('1 of 6');

  // Any field over any other: what was logged with episodes, and scalars on their axis.
  await field.fill('');
  await page.getByLabel('across').selectOption('scalar/eval/success');
  await page.getByLabel('Up').selectOption('extra/level');
  await expect(plot(page)).toHaveAttribute('aria-label', /level over eval\/success, 6 points/);
  await expect(page.getByText('4 NaN or missing')).toBeVisible();
});

test('a run of 100,000 episodes scrolls, sorts and filters', async ({ page }) => {
  await log('many', '100000');
  await open(page, await server.idOf('many'));
  await expect(counts(page)).toContainText('100,000 of 100,000');
  await expect(row(page, 99_999)).toBeVisible();
  await page.keyboard.press('End');
  await expect(row(page, 0)).toBeVisible();
  await expect(table(page).locator('tbody tr')).not.toHaveCount(0);
  expect(await table(page).locator('tbody tr').count()).toBeLessThan(60);
  await page.getByRole('textbox', { name: 'Filter episodes' }).fill('episode:500..599');
  await expect(counts(page)).toContainText('100 of 100,000');
});
