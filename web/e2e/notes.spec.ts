import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

let server: OwnServer;
let run: string;

test.beforeEach(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_notes.py');
  run = await server.onlyId();
});
test.afterEach(async () => {
  await server.dispose();
});

async function open(page: Page, episode: number): Promise<void> {
  await page.goto(`${server.url}/#/replay?run=${run}&episode=${episode}`);
  await expect(page.locator('[data-picture]')).toHaveAttribute('data-picture', 'shown');
  await expect(lane(page)).toHaveAttribute('data-hotspots', /\d+/);
}

const lane = (page: Page) => page.locator('[data-hotspots]');
const marks = (page: Page) => page.getByRole('group', { name: 'Hotspots' }).getByRole('button');
const slider = (page: Page) => page.getByRole('slider', { name: 'Step' });
const header = (page: Page) => page.locator('header', { has: page.getByRole('heading', { level: 1 }) });

test('R-17: what the script said of an episode is shown, as text, and people go to its hotspots', async ({
  page,
}) => {
  const alerts: string[] = [];
  page.on('dialog', (dialog) => (alerts.push(dialog.message()), void dialog.dismiss()));
  await open(page, 0);
  await expect(header(page)).toContainText('it digs');
  await expect(header(page)).toContainText('a <b>tunnel</b>');
  await expect(header(page).getByRole('list', { name: 'Tags' })).toHaveText('tunnel');
  await expect(marks(page)).toHaveText(['first tunnel']);
  await marks(page).first().click();
  await expect(slider(page)).toHaveValue('20');
  await expect(lane(page).getByRole('status')).toContainText('<img src=x onerror=alert(1)>');
  await page.keyboard.press('End');
  await expect(lane(page).getByRole('status')).not.toContainText('first tunnel');
  expect(alerts).toEqual([]);
});

test('R-17: titles, tags and hotspots written in one browser are there in another, and after a reload', async ({
  page,
  browser,
}) => {
  const other = await (await browser.newContext()).newPage();
  await Promise.all([open(page, 1), open(other, 1)]);
  await expect(marks(page)).toHaveCount(0);

  await page.getByRole('button', { name: 'Edit title, description and tags of this episode' }).click();
  const dialog = page.getByRole('dialog', { name: 'Episode 1' });
  await dialog.getByLabel('Title').fill('second try');
  await dialog.getByLabel('Description').fill('line one\nline two <script>');
  await dialog.getByLabel('Tags').fill('odd, loop, odd');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();

  // A moment at the playhead.
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('b');
  const spot = page.getByRole('dialog', { name: 'New hotspot' });
  await spot.getByLabel('Title').fill('a moment');
  await spot.getByLabel('Note').fill('look at this');
  await page.keyboard.press('Control+Enter');
  await expect(spot).toBeHidden();
  await expect(marks(page)).toHaveCount(1);
  await expect(marks(page)).toHaveAttribute('aria-label', 'a moment, step 3');

  // A stretch, dragged.
  const box = (await lane(page).locator('.lane').boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.5, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 12, { steps: 4 });
  await page.mouse.up();
  await expect(spot.getByLabel('First step')).toHaveValue(/^(49|50)$/);
  await expect(spot.getByLabel('Last step')).toHaveValue(/^(59|60)$/);
  await spot.getByLabel('Title').fill('a stretch');
  await spot.getByRole('button', { name: 'Save' }).click();
  await expect(marks(page)).toHaveCount(2);

  for (const each of [other, page]) {
    if (each === page) await page.reload();
    await expect(header(each)).toContainText('second try');
    await expect(header(each)).toContainText('line one');
    await expect(header(each).getByRole('list', { name: 'Tags' }).getByRole('listitem')).toHaveText([
      'odd',
      'loop',
    ]);
    await expect(marks(each)).toHaveCount(2);
  }
  await other.context().close();
});

test('R-17: hotspots are changed, deleted and taken back, by keys too, and two people do not write over each other', async ({
  page,
  browser,
}) => {
  await open(page, 0);
  await marks(page).first().focus();
  await page.keyboard.press('e');
  const spot = page.getByRole('dialog', { name: 'Hotspot' });
  await spot.getByLabel('Title').fill('the tunnel');
  await spot.getByLabel('Last step').fill('50');
  await spot.getByRole('button', { name: 'Save' }).click();
  await expect(marks(page)).toHaveAttribute('aria-label', 'the tunnel, steps 20 to 50');
  // What the script said besides stays.
  await expect(header(page)).toContainText('it digs');

  // Somebody who did not see that writes too.
  const other = await (await browser.newContext()).newPage();
  await other.route('**/api/events', (route) => route.abort());
  await open(other, 0);
  await page.getByRole('button', { name: 'Mark this step' }).click();
  await page.keyboard.press('Enter');
  await expect(marks(page)).toHaveCount(2);
  await other.keyboard.press('End');
  await other.keyboard.press('b');
  await other.keyboard.press('Enter');
  await expect(marks(other)).toHaveCount(3);
  await expect(marks(page)).toHaveCount(3);
  await other.context().close();

  await marks(page).nth(1).focus();
  await page.keyboard.press('Delete');
  await expect(marks(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(marks(page)).toHaveCount(3);
  await expect(page.getByRole('button', { name: 'Undo' })).toBeHidden();
  await page.reload();
  await expect(marks(page)).toHaveCount(3);
});

test('R-17: a run has a title, a description and tags', async ({ page }) => {
  await page.goto(`${server.url}/#/training?run=${run}`);
  const heading = page.getByRole('heading', { level: 2, name: 'digger' });
  await expect(heading).toBeVisible();
  await expect(page.getByText('what the script', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Edit title, description and tags of this run' }).click();
  const dialog = page.getByRole('dialog', { name: 'Run digger' });
  await dialog.getByLabel('Title').fill('the digger');
  await dialog.getByLabel('Tags').fill('keep');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('the digger', { exact: true })).toBeVisible();
  await page.reload();
  await expect(heading).toBeVisible();
  await expect(page.getByText('the digger', { exact: true })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Tags' }).getByRole('listitem')).toHaveText([
    'baseline',
    'keep',
  ]);
  // The table of runs says it too, and so do its tags.
  await page.goto(`${server.url}/#/runs`);
  const row = page.locator(`[data-run="${run}"]`);
  await expect(row).toContainText('digger');
  await expect(row.getByText('the digger', { exact: true })).toBeVisible();
  await expect(row.locator('.tags [title]').first()).toHaveAttribute('title', 'baseline, keep');
  // They are searched.
  const search = page.getByRole('textbox', { name: 'Search runs' });
  await search.fill('"the digger" tag:keep');
  await expect(row).toBeVisible();
  await search.fill('"the digger" tag:other');
  await expect(row).toBeHidden();
});

test('R-17: what somebody writes elsewhere appears without moving anything', async ({ page, request }) => {
  await page.addInitScript(() => {
    const all = window as unknown as { shifts: number };
    all.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) all.shifts += (entry as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const shifts = () => page.evaluate(() => (window as unknown as { shifts: number }).shifts);
  const write = async (title: string) => {
    const address = `${server.url}/api/runs/${run}/notes`;
    const now = await request.get(address);
    const said = { title, description: `${title}: words\nof two lines`, tags: ['one', title] };
    const answer = await request.put(address, {
      headers: { 'If-Match': now.headers().etag, Origin: server.url },
      data: { ...said, episodes: { 1: { ...said, hotspots: [] } } },
    });
    expect(answer.ok()).toBe(true);
  };
  for (const [at, hash] of [`overview?run=${run}`, `replay?run=${run}&episode=1`, 'runs'].entries()) {
    await page.goto('about:blank');
    await page.goto(`${server.url}/#/${hash}`);
    await expect(page.getByText('digger').first()).toBeVisible();
    await page.waitForTimeout(1500);
    const before = await shifts();
    await write(`from elsewhere ${at}`);
    await expect(page.getByText(`from elsewhere ${at}`, { exact: true }).first()).toBeVisible();
    await page.waitForTimeout(300);
    expect((await shifts()) - before, hash).toBe(0);
  }
});

for (const theme of ['light', 'dark'] as const) {
  test(`R-17: notes can be read and written by everybody, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await open(page, 0);
    await marks(page).first().click();
    const check = async (selector: string) => {
      const { violations } = await new AxeBuilder({ page }).include(selector).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    };
    await check('[data-hotspots]');
    await check('header');
    await page.keyboard.press('b');
    await expect(page.getByRole('dialog')).toBeVisible();
    await check('dialog[open]');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Edit title, description and tags of this episode' }).click();
    await check('dialog[open]');
  });
}
