import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { columnNamed, decodeColumns, doubles } from '../src/api/columns';
import { OwnServer } from './own_server';
import { shown, shownStep, stage } from './stage';
import { overlaid, overlayPixels, panel } from './why';

const run = promisify(execFile);

/** What is logged lies where a server shows it, too: it answers what the report must say. */
let server: OwnServer;
let folder: string;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  server = await OwnServer.onEmptyFolder();
  folder = await mkdtemp(join(tmpdir(), 'ethogram-reports-'));
  for (const script of ['log_report.py', 'log_linear.py']) {
    await server.log(script);
  }
});
test.afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Makes a report of the runs of these names; gives the file. */
async function report(names: readonly string[], ...options: string[]): Promise<string> {
  const found = await Promise.all(names.map((name) => server.idOf(name)));
  const projects = ['linear', 'reports'];
  const paths = await Promise.all(
    found.map(async (id) => {
      for (const project of projects) {
        const path = join(server.root, project, id);
        if (await stat(path).catch(() => null)) return path;
      }
      throw new Error(`no folder of ${id}`);
    }),
  );
  const file = join(folder, `${names.join('_')}.html`);
  const ui = process.env.ETHOGRAM_UI ? ['--ui', process.env.ETHOGRAM_UI] : [];
  await run(process.env.ETHOGRAM_BIN!, ['report', ...paths, '-o', file, ...options, ...ui]);
  return file;
}

/** Opens a file from the disk, where nothing answers; gives what was asked of the network, and what went wrong. */
async function openFile(page: Page, file: string, hash = ''): Promise<{ asked: string[]; wrong: string[] }> {
  const seen = { asked: [] as string[], wrong: [] as string[] };
  await page.context().setOffline(true);
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url()) || request.url().includes('/api/')) {
      seen.asked.push(request.url());
    }
  });
  page.on('websocket', (socket) => seen.asked.push(socket.url()));
  page.on('pageerror', (error) => seen.wrong.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') seen.wrong.push(message.text());
  });
  page.on('dialog', (dialog) => (seen.wrong.push(dialog.message()), void dialog.dismiss()));
  await page.goto(pathToFileURL(file).href + hash);
  return seen;
}

const chart = (page: Page, title: string) =>
  page.locator('article', { has: page.getByRole('heading', { name: title, exact: true }) });

test('U-2: a report opens from a disk without a network: an episode plays, is scrubbed and explained as on a server', async ({
  page,
  browser,
}) => {
  test.setTimeout(120_000);
  await expect(report(['cropped'], '--method', 'saliency', '--target', 'nothing')).rejects.toThrow(/nothing/);
  const file = await report(['cropped'], '--method', 'saliency', '--method', 'integrated_gradients');
  const id = await server.idOf('cropped');
  const seen = await openFile(page, file);
  await expect(page.getByRole('heading', { level: 1, name: 'cropped' })).toBeVisible();
  await page.getByRole('link', { name: 'integrated gradients: action' }).click();
  await shown(page, 0);
  await overlaid(page, 0);

  // What lies over the picture is what a server lays over it.
  const online = await (await browser.newContext({ viewport: page.viewportSize()! })).newPage();
  const hash = new URL(page.url()).hash;
  await online.goto(`${server.url}/${hash}`);
  await overlaid(online, 0);
  const [here, there] = [await overlayPixels(page), await overlayPixels(online)];
  expect(here.data.some((byte) => byte > 0)).toBe(true);
  expect(here).toEqual(there);
  await online.close();

  // The overlay stays while the episode is scrubbed and played.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await shown(page, 2);
  await overlaid(page, 2);
  await expect(page).toHaveURL(/step=2/);
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowRight');
  await shown(page, 5);
  await overlaid(page, 5);
  await page.keyboard.press('Home');
  await page.keyboard.press(' ');
  await expect.poll(() => shownStep(page)).toBeGreaterThan(1);

  // What can be picked is what was computed.
  const method = panel(page).getByRole('combobox', { name: 'method' });
  await expect(method.locator('option')).toHaveText(['saliency', 'integrated gradients']);
  await method.selectOption('saliency');
  await expect(page).toHaveURL(/why=(&|$)/);
  await page.keyboard.press('Home');
  await overlaid(page, 0);

  // A link to a moment opens there.
  const link = `#/replay?run=${id}&episode=0&step=3&why=integrated_gradients`;
  await page.goto('about:blank');
  await page.goto(pathToFileURL(file).href + link);
  await shown(page, 3);
  await overlaid(page, 3);
  expect(seen).toEqual({ asked: [], wrong: [] });
});

test('B-18: curves, clips and notes are in one file that anybody opens offline', async ({ page }) => {
  test.setTimeout(120_000);
  const note = 'See </script><img src=x onerror=alert(1)> step 20.';
  const file = await report(
    ['digger-0', 'digger-1'],
    ...[
      '--episode',
      '0',
      '--episode',
      'best',
      '--tag',
      'losses/*',
      '--title',
      'Two <b>diggers</b>',
      '--note',
      note,
    ],
  );
  const seen = await openFile(page, file);
  await expect(page).toHaveTitle('Two <b>diggers</b> · Ethogram');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Two <b>diggers</b>');
  await expect(page.getByText(note, { exact: true })).toBeVisible();
  await expect(page.getByText('what the script said').first()).toBeVisible();
  await expect(page.getByText('it digs').first()).toBeVisible();
  await expect(
    page.getByText('</script><img src=x onerror=alert(1)>', { exact: true }).first(),
  ).toBeVisible();
  await expect(page.getByText(/^ethogram report /)).toBeVisible();
  const text = await readFile(file, 'utf8');
  // Where it lay, who trained and how is not in there.
  expect(text).not.toContain('log_report.py');

  // Curves: the chosen ones, with the pointer, the zoom and the legend.
  await page.getByRole('link', { name: 'Curves of all runs' }).click();
  const one = chart(page, 'td');
  await expect(one.getByRole('application', { name: /2 lines/ })).toBeVisible();
  await expect(chart(page, 'sps')).toHaveCount(0);
  const box = (await one.locator('canvas.line-above').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await expect(one.locator('.tip tr')).toHaveText([/digger-1/, /digger-0/]);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/zoom=global_step/);
  await expect(one.getByRole('application', { name: /2 lines/ })).toBeVisible();
  await one.getByRole('button', { name: /^digger-1/ }).click();
  await expect(one.getByRole('application', { name: /1 line/ })).toBeVisible();

  // Clips, with their numbers: what is missing is missing.
  await page.goto(`${pathToFileURL(file).href}#/report`);
  await page.getByRole('link', { name: 'Episode 0', exact: true }).first().click();
  await shown(page, 0);
  await expect(page.getByRole('group', { name: 'Hotspots' }).getByRole('button')).toHaveText([
    'first tunnel',
  ]);
  await page.getByRole('group', { name: 'Hotspots' }).getByRole('button').click();
  await shown(page, 20);
  await expect(page.getByRole('button', { name: 'Mark this step' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect.poll(() => shownStep(page)).toBeGreaterThan(25);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  // The next that is in the report.
  await page.keyboard.press(']');
  await expect(page).toHaveURL(/episode=1/);
  await shown(page, 0);
  expect(seen).toEqual({ asked: [], wrong: [] });
});

test('B-18: means of groups are those of the server, and zoom like any curve', async ({ page }) => {
  test.setTimeout(120_000);
  const file = await report(['digger-0', 'digger-1'], '--no-episodes', '--tag', 'losses/*');
  const ids = await Promise.all(['digger-0', 'digger-1'].map((name) => server.idOf(name)));
  const hash = `#/training?runs=${ids.join(',')}&group=name&smooth=0`;
  const seen = await openFile(page, file, hash);
  const one = chart(page, 'td');
  await expect(one.getByRole('application', { name: /1 line/ })).toBeVisible();
  await expect(page.getByLabel('Group').locator('option')).toHaveText([
    'None',
    'Name without seed',
    'All runs',
  ]);

  // In as many buckets the server says the same.
  const answer = await fetch(`${server.url}/api/series`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ series: [{ runs: ids, axis: 'global_step', tag: 'losses/td' }], buckets: 800 }),
  });
  const mean = doubles(columnNamed(decodeColumns(await answer.arrayBuffer()), '0/mean')).at(-1)!;
  const said = mean.toPrecision(4).replace('-', '−');
  await expect(one.getByRole('button', { name: /^digger/ })).toHaveText(
    new RegExp(`digger\\s+n = 2\\s+${said}`),
  );

  const box = (await one.locator('canvas.line-above').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/zoom=global_step/);
  await expect(one.getByRole('application', { name: /1 line/ })).toBeVisible();

  // The mean of one of them nobody computed: that is said.
  await page.goto(`${pathToFileURL(file).href}#/training?runs=${ids[0]}&group=name`);
  await expect(one.getByText('The report has no mean of just these runs')).toBeVisible();
  expect(seen).toEqual({ asked: [], wrong: [] });
});

test('B-18: the app saves the episode in view as such a file, of the steps that were chosen', async ({
  page,
  browser,
}) => {
  test.setTimeout(120_000);
  const id = await server.idOf('digger-0');
  await page.goto(`${server.url}/#/replay?run=${id}&episode=1`);
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown');
  await page.getByRole('button', { name: 'Save this episode as a page' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save as a page' });
  await expect(dialog).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).include('dialog[open]').analyze();
  expect(violations).toEqual([]);
  await dialog.getByRole('textbox', { name: 'Title' }).fill('Ten steps');
  await dialog.getByRole('spinbutton', { name: 'First step' }).fill('30');
  await dialog.getByRole('spinbutton', { name: 'Last step' }).fill('39');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save', exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('Ten_steps.html');
  const file = join(folder, 'saved.html');
  await download.saveAs(file);
  const context = await browser.newContext({ viewport: { width: 390, height: 800 }, colorScheme: 'dark' });
  const phone = await context.newPage();
  const seen = await openFile(phone, file);
  await expect(phone.getByRole('heading', { level: 1 })).toHaveText('Ten steps');
  await expect(phone.getByText('30 to 39 of 100')).toBeVisible();
  const wide = () => phone.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await wide()).toBeLessThanOrEqual(0);
  expect((await new AxeBuilder({ page: phone }).analyze()).violations).toEqual([]);
  await phone.getByRole('link', { name: 'Episode 1', exact: true }).click();
  await shown(phone, 30);
  await expect(phone).toHaveURL(/loop=30-39/);
  expect(await wide()).toBeLessThanOrEqual(0);
  expect(seen).toEqual({ asked: [], wrong: [] });
  await context.close();
});

test('a page of the app that a report lacks, and an episode that it lacks, say so', async ({ page }) => {
  const file = await report(['digger-1'], '--no-episodes');
  const seen = await openFile(page, file, '#/compare');
  await expect(page.getByText('It is not in this report.')).toBeVisible();
  await page.getByRole('link', { name: 'What the report has' }).click();
  await expect(page.getByText('None is in this report')).toBeVisible();
  const id = await server.idOf('digger-1');
  await page.goto(`${pathToFileURL(file).href}#/replay?run=${id}&episode=1`);
  await expect(page.getByText('this is not in the report')).toBeVisible();
  expect(seen.asked).toEqual([]);
});
