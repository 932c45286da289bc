import { readFile } from 'node:fs/promises';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { runs } from './demo';
import { OwnServer } from './own_server';

/** As `log_panels.py` logs them. */
const TAGS = [
  'train/clip-fraction',
  'rewards/mean reward',
  'a b/c:d, e',
  'emoji 🤖/值',
  '<img src=x onerror=alert(1)>',
  'shaped-reward',
];

let server: OwnServer;
let numpy: { counts: number[]; edges: number[] };
let everything: string;
let returnsOnly: string;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  numpy = JSON.parse(await server.log('log_panels.py')) as typeof numpy;
  [everything, returnsOnly] = [await server.idOf('everything'), await server.idOf('returns-only')];
});
test.afterAll(() => server.dispose());

const panel = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true });
const kinds = (page: Page) =>
  page.locator('[data-panel]').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.kind));
const boxOf = (page: Page, title: string) =>
  panel(page, title).evaluate((one) => {
    const { gridColumn, gridRow } = getComputedStyle(one.parentElement!);
    return `${gridColumn} ${gridRow}`;
  });

async function open(page: Page, run: string) {
  await page.goto(`${server.url}/#/overview?run=${run}`);
  await expect(panel(page, 'Return').locator('canvas').first()).toBeVisible();
}

/** Adds a panel as a person does: search, choose, say what as, give a title. */
async function add(page: Page, search: string, name: string, kind: string | null, title: string) {
  await page.getByRole('button', { name: 'Add panel' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Search fields' }).fill(search);
  await dialog.getByRole('button', { name }).first().click();
  if (kind) await dialog.getByRole('group', { name: 'Shown as' }).getByRole('button', { name: kind }).click();
  await dialog.getByRole('textbox', { name: 'Title' }).fill(title);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(panel(page, title)).toBeVisible();
}

test('D-7: panels of any field with own titles are added, moved, resized and undone, and a link shows the same', async ({
  page,
  browser,
}) => {
  test.slow();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await open(page, everything);

  // Every name is listed as it was logged, and none is run as HTML.
  await page.keyboard.press('a');
  const dialog = page.getByRole('dialog');
  for (const tag of TAGS) await expect(dialog.getByText(tag, { exact: true })).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Search fields' }).fill('REWARD mean');
  await expect(
    dialog.getByRole('group', { name: 'Logged fields' }).getByText('rewards/mean reward'),
  ).toBeVisible();
  await expect(dialog.getByText('train/clip-fraction')).toHaveCount(0);
  await page.keyboard.press('Escape');

  await add(page, 'length', 'length', 'Scatter', 'Longer is <b>better</b>?');
  await add(page, 'steps of reward', 'reward', null, 'Rewards of a step');
  await add(page, 'ratios', 'ratios', null, 'Ratios, spread');
  await add(page, 'clip-fraction', 'train/clip-fraction', 'Line', 'Clipping');
  await add(page, 'net/bias', 'net/bias', 'Heat map', 'Biases');
  await expect(
    panel(page, 'Longer is <b>better</b>?').getByRole('application', { name: /12 points/ }),
  ).toBeVisible();
  await expect(panel(page, 'Rewards of a step').getByText(/episode 11, step/)).toBeVisible();
  await expect(panel(page, 'Ratios, spread').getByText(/6 rows/)).toBeVisible();
  await expect(panel(page, 'Clipping').getByRole('application', { name: /1 line/ })).toBeVisible();
  await expect(panel(page, 'Biases').getByRole('img', { name: /24 entries at 6 steps/ })).toBeVisible();

  // By keyboard: past the panel above, a column to the side, two wider.
  const handle = page.getByRole('button', { name: /^Move Clipping/ });
  const before = await boxOf(page, 'Clipping');
  await handle.focus();
  await page.keyboard.press('ArrowUp');
  const moved = await boxOf(page, 'Clipping');
  expect(moved).not.toBe(before);
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  const resized = await boxOf(page, 'Clipping');
  expect(resized).not.toBe(moved);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  expect(await boxOf(page, 'Clipping')).toBe(moved);
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Control+Shift+z');
  expect(await boxOf(page, 'Clipping')).toBe(resized);

  // By pointer: the first panel to the right, and back by undo.
  const first = await boxOf(page, 'Return');
  const grip = page.getByRole('button', { name: /^Move Return/ });
  await grip.scrollIntoViewIfNeeded();
  const from = (await grip.boundingBox())!;
  await page.mouse.move(from.x + 8, from.y + 8);
  await page.mouse.down();
  await page.mouse.move(from.x + 400, from.y + 20, { steps: 5 });
  await page.mouse.up();
  expect(await boxOf(page, 'Return')).not.toBe(first);
  await page.getByRole('button', { name: 'Undo' }).click();
  expect(await boxOf(page, 'Return')).toBe(first);

  // Removing is undone, too.
  await page.getByRole('button', { name: 'More for Biases' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(panel(page, 'Biases')).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(panel(page, 'Biases')).toBeVisible();

  // Editing: another title, and more than one field.
  await page.getByRole('button', { name: 'More for Clipping' }).click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('dialog').getByLabel('Add to Fields').selectOption('shaped-reward');
  await page.getByRole('dialog').getByRole('textbox', { name: 'Title' }).fill('Clipping and reward');
  await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
  await expect(
    panel(page, 'Clipping and reward').getByRole('application', { name: /2 lines/ }),
  ).toBeVisible();

  const shape = async (on: Page) =>
    on.locator('[data-panel]').evaluateAll((all) =>
      all.map((one) => {
        const { gridColumn, gridRow } = getComputedStyle(one.parentElement!);
        return `${one.getAttribute('aria-label')} ${gridColumn} ${gridRow}`;
      }),
    );
  const wanted = await shape(page);
  await expect(page).toHaveURL(/layout=/);
  await page.waitForTimeout(1100); // The address is written at most once a second.
  const link = page.url();
  expect(link.length).toBeLessThan(2000);
  await page.reload();
  await expect(panel(page, 'Clipping and reward')).toBeVisible();
  expect(await shape(page)).toEqual(wanted);

  // A colleague's browser, which knows nothing but the link.
  const other = await browser.newContext();
  const colleague = await other.newPage();
  await colleague.goto(link);
  await expect(panel(colleague, 'Clipping and reward')).toBeVisible();
  await expect(
    panel(colleague, 'Longer is <b>better</b>?').getByRole('application', { name: /12 points/ }),
  ).toBeVisible();
  expect(await shape(colleague)).toEqual(wanted);
  await other.close();

  // Without the link this browser remembers it, and "Reset" goes back.
  await page.goto(`${server.url}/#/training`);
  await page.goto(`${server.url}/#/overview?run=${everything}`);
  await expect(panel(page, 'Clipping and reward')).toBeVisible();
  await page.getByRole('button', { name: /^Default/ }).click();
  await page.getByRole('button', { name: 'Reset to default' }).click();
  await expect(panel(page, 'Clipping and reward')).toHaveCount(0);
  await expect(panel(page, 'Return')).toBeVisible();
  expect(complaints).toEqual([]);
});

test('D-7: line panels save files and leave out outliers, points have colours, distributions are ridges', async ({
  page,
}) => {
  test.slow();
  await open(page, everything);
  await add(page, 'shaped', 'shaped-reward', 'Line', 'Shaped');
  const more = (title: string) => page.getByRole('button', { name: `More for ${title}`, exact: true });
  const saved = async (title: string, what: string | RegExp) => {
    await more(title).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel(page, title).locator('.items').getByText(what).click(),
    ]);
    return { name: download.suggestedFilename(), text: await readFile((await download.path())!, 'utf8') };
  };
  const points = await saved('Shaped', 'Points as CSV');
  expect(points.name).toMatch(/\.csv$/);
  expect(points.text.trim().split('\n')).toHaveLength(101);
  expect((await saved('Shaped', 'Picture as SVG')).text).toContain('Shaped</text>');
  expect((await saved('Shaped', 'Picture as PNG')).name).toBe('Shaped.png');
  // Returns are made here of the episodes.
  const returns = await saved('Return', /CSV/);
  expect(returns.text.split('\n')[0]).toContain('episode_return');

  await more('Shaped').click();
  await panel(page, 'Shaped').getByRole('button', { name: 'Leave out 1 % of outliers' }).click();
  await expect(panel(page, 'Shaped').getByText('y 1–99 %')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(panel(page, 'Shaped').getByText('y 1–99 %')).toBeHidden();

  // Points by a number that was attached, then by a word.
  await page.getByRole('button', { name: 'Add panel' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Search fields' }).fill('length');
  await dialog.getByRole('button', { name: 'length' }).first().click();
  await dialog.getByRole('group', { name: 'Shown as' }).getByRole('button', { name: 'Scatter' }).click();
  await dialog.getByLabel('Colour').selectOption({ label: 'extra.level' });
  await dialog.getByRole('textbox', { name: 'Title' }).fill('Levels');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const legend = panel(page, 'Levels').getByRole('list', { name: 'Colours' });
  await expect(legend.getByRole('listitem')).toHaveCount(7);
  await expect(legend).toHaveText(/0.*2/);
  await more('Levels').click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await dialog.getByLabel('Colour').selectOption({ label: 'end' });
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(legend.getByRole('listitem')).toHaveCount(1);

  await add(page, 'ratios', 'ratios', null, 'Ratios');
  await more('Ratios').click();
  await panel(page, 'Ratios').getByRole('button', { name: 'As a ridgeline' }).click();
  const ridges = panel(page, 'Ratios').getByRole('img', { name: /6 histograms one behind the other/ });
  await expect(ridges.locator('canvas')).toHaveAttribute('data-ridges', '6');
  // The back row is picked where its ground is.
  await ridges.scrollIntoViewIfNeeded();
  const box = (await ridges.boundingBox())!;
  await page.mouse.click(box.x + box.width - 20, box.y + 6 + (box.height - 28) * 0.3);
  await expect(panel(page, 'Ratios').getByRole('slider')).toHaveAttribute('aria-valuetext', 'global step 0');
  await expect(page).toHaveURL(/layout=/);
});

test('D-7: on a phone panels are moved by buttons', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, everything);
  const titles = () =>
    page.locator('[data-panel]').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  const [first, second, ...rest] = await titles();
  await page.getByRole('button', { name: `More for ${first}` }).click();
  await panel(page, first!).getByRole('button', { name: 'Move down' }).click();
  expect(await titles()).toEqual([second, first, ...rest]);
  await page.getByRole('button', { name: `More for ${first}` }).click();
  await panel(page, first!).getByRole('button', { name: 'Move up' }).click();
  expect(await titles()).toEqual([first, second, ...rest]);
});

test('D-7: on a phone a finger drags a panel past others', async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    baseURL,
  });
  const page = await context.newPage();
  await open(page, everything);
  // From top to bottom, as they are seen.
  const titles = () =>
    page
      .locator('[data-panel]')
      .evaluateAll((all) =>
        all
          .toSorted((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
          .map((one) => one.getAttribute('aria-label')),
      );
  const [first, second, ...rest] = await titles();
  // Both in view, none of them where the page scrolls by itself.
  await panel(page, first!).evaluate((one) => scrollBy(0, one.getBoundingClientRect().top - 120));
  const handle = (await page.getByRole('button', { name: `Move ${first}:` }).boundingBox())!;
  const below = (await panel(page, second!).boundingBox())!;
  const finger = await context.newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', y: number) =>
    finger.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: type === 'touchEnd' ? [] : [{ x: handle.x + handle.width / 2, y }],
    });
  const from = handle.y + handle.height / 2;
  const to = Math.min(below.y + below.height * 0.75, 844 - 70);
  await touch('touchStart', from);
  for (let at = 1; at <= 10; at += 1) await touch('touchMove', from + ((to - from) * at) / 10);
  await expect.poll(async () => (await titles()).indexOf(first!)).toBeGreaterThan(0);
  await touch('touchEnd', to);
  expect((await titles()).slice(0, 2)).toEqual([second, first]);
  expect((await titles()).slice(2)).toEqual(rest);
  await expect(page).toHaveURL(/layout=/);
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect.poll(titles).toEqual([first, second, ...rest]);
  await context.close();
});

test('layouts are saved for a project under a name, renamed and deleted', async ({ page, browser }) => {
  test.slow();
  await open(page, everything);
  await add(page, 'shaped', 'shaped-reward', 'Line', 'Shaped');
  await page.getByRole('button', { name: /^Default/ }).click();
  await page.getByRole('button', { name: 'Save as…' }).click();
  await page.getByRole('textbox', { name: 'Save as' }).fill('for the paper');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('button', { name: 'for the paper' })).toBeVisible();
  await expect(page).toHaveURL(/saved=for/);
  await expect(page).not.toHaveURL(/layout=/);

  const other = await browser.newContext();
  const colleague = await other.newPage();
  await open(colleague, returnsOnly);
  await colleague.getByRole('button', { name: /^Default/ }).click();
  await colleague.getByRole('button', { name: 'for the paper' }).click();
  // Another run of the project, which has not logged it: the panel says so.
  await expect(panel(colleague, 'Shaped').getByText('None of the runs shown has logged this')).toBeVisible();
  await expect(
    panel(colleague, 'Shaped').getByText('run.log({"shaped-reward": value}, global_step=step)'),
  ).toBeVisible();
  await other.close();

  await page.getByRole('button', { name: 'for the paper' }).click();
  await page.getByRole('button', { name: 'Rename…' }).click();
  await page.getByLabel('New name').fill('for the thesis');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  // The menu closes once the list has been read again.
  await expect(page.getByLabel('New name')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'for the thesis' })).toBeVisible();
  await page.getByRole('button', { name: 'for the thesis' }).click();
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete for the thesis for everybody' }).click();
  await expect(page.getByRole('button', { name: /^Default.*changed/ })).toBeVisible();
  const { layouts } = (await (await fetch(`${server.url}/api/layouts?project=panels`)).json()) as {
    layouts: unknown[];
  };
  expect(layouts).toEqual([]);
});

test('a layout from a link that is broken, unknown or hostile is told, and the page stands', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/overview?run=${everything}&layout=AAAA`);
  await expect(page.getByText(/The layout of this link was not used: .*may have been cut/)).toBeVisible();
  await expect(panel(page, 'Return')).toBeVisible();

  // A panel of a kind that this version lacks, and one with a member that its kind lacks.
  const json = JSON.stringify({
    version: 1,
    panels: [
      { kind: 'hologram', title: 'From the future', at: [0, 0, 6, 6], spec: {} },
      { kind: 'line', title: 'Odd', at: [6, 0, 6, 6], spec: { tags: ['scalar:week:x'] } },
    ],
  });
  const link = await page.evaluate(async (text) => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    return btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '');
  }, json);
  await page.goto('about:blank');
  await page.goto(`${server.url}/#/overview?run=${everything}&layout=${link}`);
  await expect(panel(page, 'From the future').getByText('no panel of the kind “hologram”')).toBeVisible();
  await expect(panel(page, 'Odd').getByText('“scalar:week:x” is no field')).toBeVisible();
});

test('D-9: a histogram of any named tensor over training: counts, fractions, densities, bins as NumPy has them', async ({
  page,
}) => {
  test.slow();
  await open(page, everything);
  await page.getByRole('button', { name: 'Add panel' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Search fields' }).fill('weights-1M');
  await dialog.getByRole('button', { name: 'net/weights-1M' }).click();
  await dialog.getByRole('textbox', { name: 'Title' }).fill('Weights');
  await dialog.getByLabel('Heights are', { exact: true }).selectOption('count');
  const started = Date.now();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const weights = panel(page, 'Weights');
  await expect(weights.getByText(/6 rows, every value counted/)).toBeVisible();
  // Six million weights; the machines of the tests are slow and shared.
  expect(Date.now() - started).toBeLessThan(10_000);

  // The slider answers from what is there: within a few frames.
  const slider = weights.getByRole('slider');
  await expect(slider).toHaveAttribute('aria-valuetext', 'global step 500');
  await slider.focus();
  const [idle, took] = await page.evaluate(async () => {
    const input = document.activeElement as HTMLInputElement;
    const frames = async (act: (row: number) => void) => {
      const each: number[] = [];
      for (let row = 5; row >= 0; row -= 1) {
        const from = performance.now();
        act(row);
        await new Promise((resolve) => requestAnimationFrame(resolve));
        each.push(performance.now() - from);
      }
      return each.sort((a, b) => a - b)[3];
    };
    const idle = await frames(() => {});
    const moved = await frames((row) => {
      input.value = String(row);
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    return [idle, moved];
  });
  // An episode plays beside it; what counts is what the slider adds to a frame.
  expect(took).toBeLessThan(idle + 50);
  await expect(slider).toHaveAttribute('aria-valuetext', 'global step 0');

  // Over the last row alone the edges are those of that row: compare each bin with NumPy.
  const route = `/api/runs/${everything}/histograms?axis=global_step&tag=net/weights-1M&bins=32&from=500`;
  const bytes = await (await fetch(`${server.url}${route}`)).arrayBuffer();
  const header = JSON.parse(
    new TextDecoder().decode(new Uint8Array(bytes, 8, new DataView(bytes).getUint32(4, true))),
  ) as { columns: { name: string; offset: number; shape: number[] }[] };
  const column = (name: string) => {
    const entry = header.columns.find((one) => one.name === name)!;
    const start = 8 + new DataView(bytes).getUint32(4, true) + entry.offset;
    return [
      ...new Float64Array(
        bytes.slice(start),
        0,
        entry.shape.reduce((a, b) => a * b, 1),
      ),
    ];
  };
  expect(column('counts')).toEqual(numpy.counts);
  expect(column('edges')).toEqual(numpy.edges);
  expect(bytes.byteLength).toBeLessThan(10_000);

  // The three scales, as the table says them.
  await weights.getByRole('button', { name: 'Show Weights as a table' }).click();
  const rows = weights.getByRole('region', { name: 'Weights as a table' }).getByRole('row');
  await expect(rows).toHaveCount(65);
  const counts = await rows.locator('td:nth-child(3)').allTextContents();
  const sum = counts.reduce((total, text) => total + Number(text), 0);
  expect(sum).toBe(1_000_000);
  for (const scale of ['fraction of the values', 'density']) {
    await page.getByRole('button', { name: 'More for Weights' }).click();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await dialog.getByLabel('Heights are').selectOption({ label: scale });
    await dialog.getByRole('button', { name: 'Keep' }).click();
    await expect(weights.getByText(new RegExp(`^\\s*${scale.split(' ')[0]}`))).toBeVisible();
  }

  // A distribution keeps the bins that were logged.
  await add(page, 'ratios', 'ratios', null, 'Ratios');
  await expect(panel(page, 'Ratios').getByText(/spread evenly|as logged/)).toBeVisible();
});

test('D-15: a run with returns only shows them and tells what else to log', async ({ page }) => {
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${server.url}/#/runs`);
  await page.getByRole('link', { name: 'returns-only' }).first().click();
  await expect(page).toHaveURL(/#\/overview/);
  await expect(panel(page, 'Return').getByRole('application', { name: /1 line/ })).toBeVisible();
  await expect(panel(page, 'Length of episodes').locator('canvas').first()).toBeVisible();
  expect(await kinds(page)).toEqual(['line', 'run_card', 'line']);
  const missing = page.getByText(/^Not logged by this run/).locator('..');
  await expect(missing.getByText('Episodes that play', { exact: true })).toBeVisible();
  await expect(missing.getByText('env = eg.record(env, run, schedule=eg.every(10))')).toBeVisible();
  await expect(
    missing.getByText('run.log({"losses/value_loss": value_loss.item()}, global_step=step)'),
  ).toBeVisible();
  // Panels of what is not there say what to log, and break nothing.
  for (const kind of ['Episode', 'Text']) {
    await page.getByRole('button', { name: 'Add panel' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: new RegExp(`^${kind} `) })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
  }
  await expect(
    panel(page, 'Latest episode').getByText('No episode of this run was recorded step by step'),
  ).toBeVisible();
  expect(complaints).toEqual([]);
});

test('a panel covers the page and lets go, and keys reach all of it', async ({ page }) => {
  await open(page, everything);
  await page.getByRole('button', { name: /^Move Return/ }).focus();
  await page.keyboard.press('f');
  const view = page.viewportSize()!;
  await expect.poll(async () => (await panel(page, 'Return').boundingBox())!.width).toBe(view.width);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Return over the whole page' }).click();
  await page.keyboard.press('f');
  await expect.poll(async () => (await panel(page, 'Return').boundingBox())!.width).toBeLessThan(view.width);
});

for (const theme of ['light', 'dark'] as const) {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ]) {
    test(`overview is accessible at ${width} px, ${theme}`, async ({ page, request }) => {
      test.slow();
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height });
      const demo = (await runs(request)).find(({ name }) => name.includes('cartpole'))!;
      await page.goto(`/#/overview?run=${demo.id}`);
      await expect(panel(page, 'Return').locator('canvas').first()).toBeVisible();
      await expect(panel(page, 'Latest episode').locator('[data-picture=shown]')).toBeVisible();
      const check = async (what: string) => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${what} ${id}: ${nodes[0].html}`)).toEqual([]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow, `${what} is wider than the window`).toBeLessThanOrEqual(0);
      };
      await add(page, 'length', 'length', 'Scatter', 'Lengths');
      await add(page, 'episode_return', 'episode_return', 'Distribution', 'Returns');
      await add(page, 'steps of reward', 'reward', null, 'Rewards');
      await expect(panel(page, 'Returns').getByText(/points in \d+ parts/)).toBeVisible();
      // Two as they are drawn, one as its table.
      await page.getByRole('button', { name: 'Show Returns as a table' }).click();
      await expect(panel(page, 'Returns').getByRole('region', { name: 'Returns as a table' })).toBeVisible();
      await check('panels');
      await page.getByRole('button', { name: 'Add panel' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'length' }).first().click();
      await check('dialog');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /^Default/ }).click();
      await check('menu');
    });
  }
}
