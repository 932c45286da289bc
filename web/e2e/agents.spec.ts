import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';

let server: OwnServer;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_agents.py');
});
test.afterAll(() => server.dispose());

test('agents of a match: Replay goes to the same step of another, and Compare holds all side by side', async ({
  page,
}) => {
  const id = await server.idOf('patrol');
  // Of the second match: episodes 3, 4 and 5.
  await page.goto(`${server.url}/#/replay?run=${id}&episode=4&step=12`);
  const agents = page.getByRole('navigation', { name: 'Agents of this match' });
  await expect(agents.getByRole('link')).toHaveText(['scout', 'guard', 'carrier']);
  await expect(agents.getByRole('link', { name: 'guard' })).toHaveAttribute('aria-current', 'true');
  const { violations } = await new AxeBuilder({ page }).include('header').analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);

  await agents.getByRole('link', { name: 'carrier' }).click();
  await expect(page).toHaveURL(/episode=5/);
  await expect(page.getByRole('slider', { name: 'Step' })).toHaveValue('12');

  await page.getByRole('link', { name: 'Agents side by side' }).click();
  await expect(page).toHaveURL(/#\/compare/);
  const members = page.locator('[data-member]');
  await expect(members).toHaveCount(3);
  for (const [at, name] of ['carrier', 'scout', 'guard'].entries()) {
    await expect(members.nth(at)).toContainText(name);
    await expect(members.nth(at)).toHaveAttribute('data-step', '12');
  }
  // Each leaves by itself: at step 30 the scout is gone.
  await page.goto(page.url().replace('at=12', 'at=30'));
  await page.reload();
  await expect(members.nth(0)).toHaveAttribute('data-step', '30');
  await expect(members.nth(1)).toContainText('over');

  await page.goto(`${server.url}/#/episodes?run=${id}&q=agent:scout`);
  await expect(page.getByText('2 of 6 episodes')).toBeVisible();
});
