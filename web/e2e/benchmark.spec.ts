import { readFileSync } from 'node:fs';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

let server: OwnServer;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_benchmark.py');
});
test.afterAll(() => server.dispose());

const plot = (page: Page, title: string) => page.getByRole('figure', { name: new RegExp(`^${title}`) });
const row = (page: Page, title: string, label: string) =>
  plot(page, title).getByRole('listitem').filter({ hasText: label });

test('B-14: aggregates with their intervals, profiles, efficiency and probability of improvement', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/benchmark`);
  // dqn: 0, ½, 1 on both games; ppo: 1, 1, 1 and 1, 1½, 2.
  await expect(row(page, 'Interquartile mean', 'dqn')).toContainText(/0\.5\s+0.*to/);
  await expect(row(page, 'Mean', 'ppo').first()).toContainText('1.25');
  await expect(row(page, 'Optimality gap', 'dqn')).toContainText('0.5');
  await expect(row(page, 'Optimality gap', 'ppo')).toContainText('0');
  await expect(page.getByText('0 is chance, 1 is a human tester')).toBeVisible();
  // On each game one of nine pairs is a tie or three are, dqn never wins.
  await expect(row(page, 'Probability of improvement', 'dqn over ppo')).toContainText('0.111');
  for (const title of ['Performance profiles', 'Sample efficiency', 'ALE/Pong-v5', 'ALE/Breakout-v5'])
    await expect(page.getByRole('application', { name: new RegExp(`^${title}, 2 lines`) })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Before you believe it' })).toContainText(
    'Fewer than 5 runs on some task: dqn, ppo.',
  );
});

test('B-13: the table of the last hundred episodes, and its Markdown, LaTeX and runtimes', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await page.goto(`${server.url}/#/benchmark`);
  const table = page.getByRole('region', { name: 'Scores by task and algorithm' });
  const pong = table.getByRole('row', { name: /ALE\/Pong-v5/ });
  await expect(pong).toContainText('-3.05 ± 17.65');
  await expect(pong).toContainText('14.60 ± 0.00');
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: 'Copy Markdown' }).click();
  await expect.poll(copied).toContain('| ALE/Pong-v5 | -3.05 ± 17.65 | 14.60 ± 0.00 |');
  await page.getByRole('button', { name: 'Copy LaTeX' }).click();
  await expect.poll(copied).toContain('ALE/Pong-v5 & $-3.05$ $\\pm$ 17.65 & 14.60 $\\pm$ 0.00 \\\\');
  const saved = async (kind: string) => {
    await page.getByRole('button', { name: 'Save the table' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: `All cells as ${kind}` }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`benchmark.${kind.toLowerCase()}`);
    return readFileSync(await download.path());
  };
  for (const [kind, magic] of [
    ['Parquet', 'PAR1'],
    ['npz', 'PK\u0003\u0004'],
    ['CSV', 'algo'],
  ])
    expect((await saved(kind)).subarray(0, 4).toString('latin1')).toBe(magic);
  const rows = JSON.parse((await saved('JSON')).toString()) as Record<string, unknown>[];
  const [first] = rows.filter(({ task, algorithm }) => task === 'ALE/Pong-v5' && algorithm === 'dqn');
  expect([(first.mean as number).toFixed(2), (first.sd as number).toFixed(2)]).toEqual(['-3.05', '17.65']);
  await page.getByRole('button', { name: 'Runtime' }).click();
  await expect(page).toHaveURL(/cells=runtime/);
  await expect(pong).toContainText(/\d (ms|s)/);
});

test('B-14: every card saves what it shows as a table for programs', async ({ page }) => {
  await page.goto(`${server.url}/#/benchmark`);
  await expect(page.getByText('12 runs, 2 algorithms, 2 tasks')).toBeVisible();
  for (const [menu, what, name, row] of [
    ['Save what was reached over all tasks', 'Aggregates', 'aggregates', /^dqn,6,2,0\.5,/m],
    ['Save the profiles', 'Profiles', 'profiles', /^ppo,tasks,/m],
    ['Save the curves, over all tasks and on each', 'Curves', 'curves', /^dqn,ALE\/Pong-v5,mean,/m],
    ['Save the pairs', 'Pairs', 'pairs', /^dqn,ppo,2,0\.1111/m],
    ['Save the table, a row a cell, unrounded', 'All runs', 'runs', /,ppo,ALE\/Pong-v5,/m],
  ] as const) {
    await page.getByRole('button', { name: menu }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: `${what} as CSV` }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`benchmark_${name}.csv`);
    expect(readFileSync(await download.path(), 'utf8')).toMatch(row);
  }
});

test('B-13: what is compared is chosen, and a link carries it', async ({ page }) => {
  await page.goto(`${server.url}/#/benchmark`);
  await page.getByLabel('Scale').selectOption({ label: 'As they are' });
  await expect(page).toHaveURL(/scale=none/);
  await expect(row(page, 'Mean', 'dqn').first()).toContainText('6.52');
  await page.getByLabel('Score of').selectOption('losses/td');
  await page.getByLabel('Taken as').selectOption({ label: 'Best' });
  await expect(page.getByRole('row', { name: /ALE\/Pong-v5/ }).first()).toContainText('1.00 ± 0.00');
  await page.getByRole('combobox', { name: 'Algorithm' }).selectOption({ label: 'learning_rate' });
  await expect(page.getByRole('columnheader', { name: '0.00025' }).first()).toBeVisible();
  await expect(page).toHaveURL(/learning_rate/);
  await page.reload();
  await expect(page.getByRole('columnheader', { name: '0.00025' }).first()).toBeVisible();
  await page.getByText('Configs differ in').click();
  await expect(page.getByRole('region', { name: 'Differences of the configs' })).toContainText('algo');
});

test('B-14: one algorithm alone, by mouse and by keyboard, in the address', async ({ page }) => {
  await page.goto(`${server.url}/#/benchmark`);
  await page.getByRole('button', { name: 'Only ppo' }).click();
  await expect(page).toHaveURL(/hide=dqn/);
  await expect(page.getByRole('application', { name: /^Sample efficiency, 1 line\./ })).toBeVisible();
  await expect(row(page, 'Interquartile mean', 'dqn')).toHaveCount(0);
  await page.keyboard.press('a');
  await expect(page).not.toHaveURL(/hide=/);
  await expect(page.getByRole('application', { name: /^Sample efficiency, 2 lines/ })).toBeVisible();
});

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`Benchmark: nothing for axe to find and nothing cut off, ${scheme} at ${width}`, async ({
      page,
    }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`${server.url}/#/benchmark`);
      await expect(row(page, 'Interquartile mean', 'dqn')).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
    });
  }
}

test('B-14: curves run over steps or over the time since each run began, and a link says which', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/benchmark`);
  const efficiency = page.getByRole('region', { name: 'Sample efficiency' });
  await expect(efficiency).toContainText('after so many steps');
  await efficiency.getByRole('button', { name: 'Time' }).click();
  await expect(efficiency).toContainText('after so much time');
  await expect(page).toHaveURL(/along=time/);
  await expect(page.getByRole('application', { name: /^Sample efficiency, 2 lines/ })).toBeVisible();
  await page.reload();
  await expect(efficiency.getByRole('button', { name: 'Time' })).toHaveAttribute('aria-pressed', 'true');
  await expect(efficiency).toContainText('after so much time');
  await page.keyboard.press('t');
  await expect(efficiency).toContainText('after so many steps');
  await expect(page).not.toHaveURL(/along=/);
});

test('Benchmark: no runs is said with what to log', async ({ page }) => {
  const empty = await OwnServer.onEmptyFolder();
  try {
    await page.goto(`${empty.url}/#/benchmark`);
    await expect(page.getByRole('heading', { name: 'Nothing to compare yet' })).toBeVisible();
  } finally {
    await empty.dispose();
  }
});
