import { expect, test, type Page } from '@playwright/test';

import { recordedEpisodes } from './demo';
import { OwnServer } from './own_server';
import { panel } from './why';

let server: OwnServer;
test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_linear.py');
});
test.afterAll(() => server.dispose());

/** Opens an episode of a linear network by the name of its run, with the targets open. */
async function openTargets(page: Page, name: string, more = ''): Promise<void> {
  const id = await server.idOf(name);
  await page.goto(`${server.url}/#/replay?run=${id}&episode=0&step=2&why=integrated_gradients${more}`);
  await expect(panel(page).locator('[data-why="answered"]')).toBeVisible();
  await page.keyboard.press('t');
}

test('R-6: of several choices at once each part is a target, alone, together, and against another', async ({
  page,
}) => {
  await openTargets(page, 'joint');
  const why = panel(page);
  const row = (name: string) => why.locator(`li[data-row="${name}"]`);
  // What was taken, and what the policy said of it: the largest of each part.
  await expect(row('0:1')).toContainText('taken');
  await expect(row('1:1')).toContainText('taken');
  await expect(row('0:0')).not.toContainText('taken');
  const number = (name: string) => row(name).locator('.number').textContent();
  expect(await number('greedy:1')).toBe(await number('1:1'));
  await row('action:1').getByRole('radio').check();
  await expect(why.locator('[data-target]')).toContainText('action taken, part 1');
  await row('0:1').getByRole('radio').check();
  await row('1:0')
    .getByRole('button', { name: /together with/ })
    .click();
  await expect(page).toHaveURL(/target=0:1(%2B|\+)1:0/);
  await expect(why.locator('[data-target]')).toContainText('part 0, choice 1 + part 1, choice 0');
  // Each logit is one element of what is observed: these two are added up.
  await expect(why.locator('[data-why="answered"]')).toContainText('= 2.08');
  await row('1:1')
    .getByRole('button', { name: /together with/ })
    .click();
  await expect(why.locator('[data-why="answered"]')).toContainText('= 5.08');
  await row('1:1')
    .getByRole('button', { name: /together with/ })
    .click();
  await row('0:2')
    .getByRole('button', { name: /and not/ })
    .click();
  await expect(why.locator('[data-target]')).toContainText('part 0, choice 1, not part 0, choice 2');
  await expect(why.locator('[data-why="answered"]')).toContainText('= 2');
});

test('R-6: every joint action stands side by side, the likeliest first', async ({ page }) => {
  await openTargets(page, 'joint');
  const why = panel(page);
  await why.getByRole('button', { name: 'every action' }).click();
  await expect(why.locator('[data-question]')).toHaveCount(6);
  const values = async () =>
    (await why.locator('[data-question] p b').allTextContents()).map((text) =>
      Number(text.replace('−', '-')),
    );
  await expect.poll(async () => (await values()).length).toBe(6);
  const found = await values();
  expect(found).toEqual(found.toSorted((a, b) => b - a));
  await expect(page).toHaveURL(/target=top/);
});

test('R-6: groups of actions are explained, and one against another; a link with several answers has rows', async ({
  page,
}) => {
  await openTargets(page, 'grouped', '&target=top2');
  const why = panel(page);
  await expect(why.locator('[data-question]')).toHaveCount(2);
  await expect(why.locator('[data-question="0"]')).toContainText('logits of STAY');
  await why.locator('li[data-row="group:still"]').getByRole('radio').check();
  await why
    .locator('li[data-row="group:vertical"]')
    .getByRole('button', { name: /and not/ })
    .click();
  await expect(why.locator('[data-target]').first()).toContainText('group still, not group vertical');
  await expect(why.locator('[data-why="answered"]')).toBeVisible();
  await why.locator('li[data-row="0"]').getByRole('radio').check();
  await why
    .locator('li[data-row="2"]')
    .getByRole('button', { name: /together with/ })
    .click();
  await expect(why.locator('[data-target]').first()).toContainText('UP + STAY');
  await expect(why.locator('[data-why="answered"]')).toContainText('= 9');
});

test('R-6: what an action is worth is asked by its mean, its worst tenth, or its median', async ({
  page,
  request,
}) => {
  const [car] = await recordedEpisodes(request, 'mountaincar-qrdqn', 1);
  await page.goto(`/#/replay?run=${car.run}&episode=${car.episode}&step=20&why=integrated_gradients`);
  const why = panel(page);
  const answer = why.locator('[data-why="answered"]');
  await expect(answer).toBeVisible();
  const shown = async () => Number((await answer.locator('b').textContent())!.replace('−', '-'));
  const mean = await shown();
  await page.keyboard.press('t');
  await why.getByLabel('what it is worth, by').selectOption({ label: 'worst 10 %' });
  await expect(answer).toContainText('worst 10 % of');
  expect(await shown()).toBeLessThan(mean);
  await why.getByRole('radio', { name: 'accelerate right' }).check();
  await expect(page).toHaveURL(/target=cvar(%3A|:)0\.1(%3A|:)2/);
  await expect(answer).toContainText('worst 10 % of accelerate right');
  await why.getByLabel('what it is worth, by').selectOption({ label: 'median return' });
  await expect(answer).toContainText('median return of accelerate right');
});
