import { expect, test } from '@playwright/test';

import { recordedEpisodes } from './demo';
import { panel } from './why';

test('N-18: whether the network is the one that acted stands beside the explanation, and is told on a click', async ({
  page,
  request,
}) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-ppo', 1);
  await page.goto(`/#/replay?run=${lander.run}&episode=${lander.episode}&step=30&why=integrated_gradients`);
  const badge = panel(page).locator('[data-parity]');
  await expect(badge).toHaveAttribute('data-parity', 'same', { timeout: 40_000 });
  await expect(badge).toContainText('model agrees with the log');
  await expect(badge).toContainText(/off by at most \de−\d in [\d,]+ steps/);
  await badge.locator('summary').click();
  await expect(badge).toContainText('what is explained here is the policy that acted');
  const row = badge.getByRole('row', { name: /^value/ });
  const worst = await row.getByRole('button').textContent();
  await row.getByRole('button').click();
  await expect(page.locator('[data-counter="step"]')).toContainText(worst!);
  await expect(page).toHaveURL(/parity=1/);
});

test('N-18: a network that is not the one that acted is called so', async ({ page, request }) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-ppo', 1);
  const output = {
    output: 'logits',
    field: 'logits',
    steps: 30,
    worst: 3.5,
    worst_step: 4,
    scale: 7,
    relative: 0.5,
  };
  await page.route('**/parity*', (route) =>
    route.fulfill({
      json: {
        checkpoint: { global_step: 0, name: 'final' },
        steps: 30,
        verdict: 'different',
        outputs: [output],
      },
    }),
  );
  await page.goto(`/#/replay?run=${lander.run}&episode=${lander.episode}&step=30&why=&parity=1`);
  const badge = panel(page).locator('[data-parity="different"]');
  await expect(badge).toContainText('model differs from the log');
  await expect(badge).toContainText('may not be the policy that acted');
});

test('N-18: an explanation is checked in plain words, one measure after the other, while scrubbing goes on', async ({
  page,
  request,
}) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-ppo', 1);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const asked: string[] = [];
  await page.route('**/attribution/quality?*', async (route) => {
    const check = new URL(route.request().url()).searchParams.get('checks')!;
    asked.push(check);
    if (check === 'infidelity') await held;
    await route.continue();
  });
  await page.goto(`/#/replay?run=${lander.run}&episode=${lander.episode}&step=30&why=integrated_gradients`);
  const part = panel(page).locator('details', { hasText: 'check this explanation' });
  await expect(panel(page).locator('[data-why="answered"]')).toBeVisible();
  expect(asked).toEqual([]);
  await part.locator('summary').first().click();
  await expect(part.locator('[data-reading="completeness"]')).toHaveAttribute('data-state', 'good');
  await expect(part.locator('[data-reading="deletion"]')).toContainText('Petsiuk');
  await expect(part.getByRole('progressbar')).toHaveAttribute('aria-label', '1 of 3 checks are done');
  // The hand goes on meanwhile, and the explanations of other steps come.
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-counter="step"]')).toContainText('31');
  await expect(panel(page).locator('[data-why="answered"]')).toBeVisible();
  release();
  await expect(part).toHaveAttribute('data-quality', 'measured');
  await expect(part).toContainText('Step 30');
  await expect(part.locator('[data-reading]')).toHaveCount(5);
  await expect(part.locator('[data-reading="randomised"]')).toContainText('Adebayo');
  await part.getByRole('button', { name: 'Check step 31' }).click();
  await expect(part).toContainText('Step 31');
  await expect(part).toHaveAttribute('data-quality', 'measured');
});

test('N-18: a check that fails says why, keeps what was measured, and can be tried again', async ({
  page,
  request,
}) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-ppo', 1);
  let fails = true;
  await page.route('**/attribution/quality?*checks=infidelity*', (route) =>
    fails
      ? route.fulfill({ status: 503, json: { code: 'busy', message: 'too much is asked at once' } })
      : route.continue(),
  );
  await page.goto(`/#/replay?run=${lander.run}&episode=${lander.episode}&step=30&why=saliency&check=1`);
  const part = panel(page).locator('[data-quality="failed"]');
  await expect(part.getByRole('alert')).toContainText('too much is asked at once', { timeout: 20_000 });
  await expect(part.locator('[data-reading="insertion"]')).toBeVisible();
  fails = false;
  await part.getByRole('button', { name: 'Try again' }).click();
  await expect(panel(page).locator('[data-quality="measured"] [data-reading]')).toHaveCount(5);
});
