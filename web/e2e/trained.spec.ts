import { readdirSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

/** The runs that `make demo` serves beside the agents: real trainings, three algorithms over three tasks, and a sweep. */
const TRAINED = join(import.meta.dirname, '../../demo/trained');
/** The names of the runs of a project. */
const namesOf = (project: string): string[] =>
  readdirSync(join(TRAINED, project)).map(
    (id) =>
      (JSON.parse(readFileSync(join(TRAINED, project, id, 'run.json'), 'utf8')) as { name: string }).name,
  );
const benchmark = namesOf('benchmark');
const BENCHMARK = benchmark.length;
const SWEEP = namesOf('sweep').length;

let server: OwnServer;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await cp(TRAINED, server.root, { recursive: true });
  await server.idsByName(BENCHMARK + SWEEP);
});
test.afterAll(() => server.dispose());

const projects = (page: Page) => page.getByRole('combobox', { name: 'Runs' });
const chosen = (page: Page) => projects(page).locator('option:checked');

test('Benchmark begins with the project that has seeds, Parameters with one that has enough runs', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/benchmark`);
  // The sweep has no two seeds of anything, and the other nine configurations, three of each task.
  await expect(chosen(page)).toHaveText(`benchmark (${BENCHMARK})`);
  await expect(page.getByText(`${BENCHMARK} runs, 3 algorithms, 3 tasks`)).toBeVisible();
  for (const name of ['A2C', 'DQN', 'PPO']) {
    const count = benchmark.filter((run) => run.startsWith(name.toLowerCase())).length;
    await expect(page.getByRole('list', { name: 'Algorithms' })).toContainText(
      `${name} ${count} runs, 3 tasks`,
    );
  }
  const doubts = page.getByRole('region', { name: 'Before you believe it' });
  await expect(doubts.getByText(/Only one run|still going on/)).toHaveCount(0);
  await expect(page.getByRole('application', { name: /^Sample efficiency, 3 lines/ })).toBeVisible();
  await page.getByRole('button', { name: 'Parameters' }).click();
  await expect(chosen(page)).toHaveText(`sweep (${SWEEP})`);
  await expect(page.getByText(`${SWEEP} of ${SWEEP} pass`)).toBeVisible();
});

test('another project is chosen, a link keeps it, and runs that are chosen win', async ({ page }) => {
  await page.goto(`${server.url}/#/benchmark?hide=A2C`);
  await projects(page).selectOption('project:sweep');
  await expect(page).toHaveURL(/project=sweep/);
  await expect(page).not.toHaveURL(/hide=/);
  await page.reload();
  await expect(page.getByText(`${SWEEP} runs, 1 algorithm, 1 task`)).toBeVisible();
  const ids = (await server.runs())
    .filter(({ name }) => /^(ppo|dqn)-cartpole-s/.test(name))
    .map(({ id }) => id);
  await page.goto(`${server.url}/#/benchmark?project=sweep&runs=${ids.join(',')}`);
  await expect(chosen(page)).toHaveText(`Chosen ones (${ids.length})`);
  await expect(page.getByText(`${ids.length} runs, 2 algorithms, 1 task`)).toBeVisible();
  await projects(page).selectOption({ label: `All (${BENCHMARK + SWEEP})` });
  await expect(page.getByText(`${BENCHMARK + SWEEP} runs, 3 algorithms, 3 tasks`)).toBeVisible();
  await projects(page).selectOption('project:benchmark');
  await expect(page).not.toHaveURL(/runs=/);
  await expect(page.getByText(`${BENCHMARK} runs, 3 algorithms, 3 tasks`)).toBeVisible();
});
