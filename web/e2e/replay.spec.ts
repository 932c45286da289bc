import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { link, recordedEpisodes, runs } from './demo';
import { goTo, hashOfCanvas, shown, stage } from './stage';

async function hashes(page: Page, steps: number[]): Promise<number[]> {
  const found: number[] = [];
  for (const step of steps) {
    await goTo(page, step);
    found.push(await hashOfCanvas(page));
  }
  return found;
}

test('R-1: an episode replays identically, from the stored steps alone', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  const steps = Array.from({ length: 12 }, (_, i) => Math.floor((i * (episode.length - 1)) / 11));
  await page.goto(link(episode));
  await shown(page, 0);
  const first = await hashes(page, steps);
  expect(new Set(first).size, 'pictures differ from step to step').toBeGreaterThan(steps.length / 2);
  await page.reload();
  // The address follows the playhead with a delay, so any step may be shown; but one must be, before keys are pressed.
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown');
  const second = await hashes(page, steps.toReversed());
  expect(second.toReversed()).toEqual(first);
});

test('R-1: playing shows the same pictures as stepping', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(link(episode, '&step=100'));
  await shown(page, 100);
  const stepped = new Map<number, number>();
  for (let step = 100; step < 140; step += 1) {
    await shown(page, step);
    stepped.set(step, await hashOfCanvas(page));
    await page.keyboard.press('ArrowRight');
  }
  await page.goto(link(episode, '&step=100'));
  await page.reload();
  await shown(page, 100);
  // Slowly, so that a busy machine does not play past the steps compared.
  for (let times = 0; times < 2; times += 1) await page.keyboard.press(',');
  await page.keyboard.press('Space');
  await expect.poll(async () => Number(await stage(page).getAttribute('data-step'))).toBeGreaterThan(110);
  await page.keyboard.press('Space');
  const step = Number(await stage(page).getAttribute('data-step'));
  if (stepped.has(step)) expect(await hashOfCanvas(page)).toBe(stepped.get(step));
  else throw new Error(`playing went past the steps compared: ${step}`);
});

test('R-2: the picture of the environment and what the policy received are told apart', async ({
  page,
  request,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(link(episode, '&step=50'));
  await shown(page, 50);
  const pictures = page.getByRole('group', { name: 'Picture' });
  await expect(pictures.getByRole('button', { name: 'frame' })).toHaveAttribute('aria-pressed', 'true');
  const frame = await hashOfCanvas(page);
  await pictures.getByRole('button', { name: 'observation' }).click();
  await expect(page).toHaveURL(/image=observation/);
  await expect(async () => expect(await hashOfCanvas(page)).not.toBe(frame)).toPass();
});

test('R-4: a vector observation has names, units and values', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'cartpole', 1);
  await page.goto(link(episode, '&step=3'));
  const table = page.getByRole('region', { name: 'observation', exact: true });
  await expect(table.getByRole('rowheader', { name: 'pole angle', exact: true })).toBeVisible();
  const row = table.getByRole('row').filter({ hasText: 'pole angle' }).first();
  await expect(row).toContainText('rad');
  await expect(row.locator('[data-element]')).toHaveText(/^−?[\d.]+(e−?\d+)?$/);
  const before = await row.locator('[data-element]').textContent();
  await page.keyboard.press('ArrowRight');
  await expect(row.locator('[data-element]')).not.toHaveText(before ?? '');
});

test('R-4: continuous actions are bars with their names', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'continuous', 1);
  await page.goto(link(episode, '&step=3'));
  const bars = page.getByRole('region', { name: 'Policy' }).getByRole('img');
  await expect(bars).toHaveAttribute('aria-label', /main engine −?[\d.]+.*lateral engines? −?[\d.]+/);
});

test('R-16: a link opens its step, and the address follows the playhead', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  const step = episode.length - 5;
  await page.goto(link(episode, `&step=${step}`));
  await shown(page, step);
  await expect(page.locator('[data-counter=step]')).toContainText(step.toLocaleString('en'));
  await page.keyboard.press('Home');
  await shown(page, 0);
  await expect(page).not.toHaveURL(/step=/);
  await page.keyboard.press('Shift+ArrowRight');
  await shown(page, 10);
  await expect(page).toHaveURL(/step=10/);
});

test('keys: play, steps, ends, speed, direction, loop, neighbours', async ({ page, request }) => {
  const episodes = (await recordedEpisodes(request, 'cartpole')).filter(({ length }) => length > 300);
  await page.goto(link(episodes[1], '&step=20'));
  const at = async () => Number(await stage(page).getAttribute('data-step'));
  await shown(page, 20);
  await page.keyboard.press('ArrowLeft');
  await shown(page, 19);
  await page.keyboard.press('Shift+ArrowLeft');
  await shown(page, 9);
  await page.keyboard.press('End');
  await expect(page.getByRole('slider', { name: 'Step', exact: true })).toHaveValue(
    String(episodes[1].steps - 1),
  );
  await page.keyboard.press('Home');
  await shown(page, 0);
  // Far enough from both ends that neither is reached meanwhile, and slowly.
  await hashes(page, [150]);
  for (let times = 0; times < 2; times += 1) await page.keyboard.press(',');
  await page.keyboard.press('Space');
  await expect.poll(at).toBeGreaterThan(152);
  await page.keyboard.press('r');
  const turned = await at();
  await expect.poll(at).toBeLessThan(turned);
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
  await expect(page.getByLabel('Speed')).toHaveValue('0.25');
  await page.keyboard.press('.');
  await expect(page.getByLabel('Speed')).toHaveValue('0.5');
  await page.keyboard.press('l');
  await expect(page.getByRole('button', { name: 'Loop', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await page.keyboard.press(']');
  await expect(page).toHaveURL(new RegExp(`episode=${episodes[0].episode}(&|$)`));
  await page.keyboard.press('[');
  await expect(page).toHaveURL(new RegExp(`episode=${episodes[1].episode}(&|$)`));
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`episode=${episodes[0].episode}(&|$)`));
});

test('B-11: how the episode ended is shown, at its last step and in the header', async ({
  page,
  request,
}) => {
  const all = [
    ...(await recordedEpisodes(request, 'cartpole')),
    ...(await recordedEpisodes(request, 'lunarlander')),
  ];
  for (const end of ['terminated', 'truncated']) {
    const episode = all.find((one) => one.end === end);
    if (!episode) throw new Error(`no recorded demo episode is ${end}`);
    await page.goto(link(episode, `&step=${episode.length - 1}`));
    await expect(page.locator('header .badge').first()).toHaveText(end);
    await expect(page.locator('[data-counter=end]')).toHaveText(end);
    await expect(page.locator('header dl')).toContainText(`steps ${episode.length.toLocaleString('en')}`);
    await expect(page.locator('header dl')).toContainText('return');
  }
});

test('A-1: the table marks recorded episodes and plays them', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'cartpole', 1);
  const run = (await runs(request)).find(({ id }) => id === episode.run)!;
  await page.goto(`/#/episodes?run=${episode.run}&q=recorded`);
  const rows = page.getByRole('region', { name: 'Episodes', exact: true }).locator('tbody tr[data-episode]');
  await expect(rows.first()).toBeVisible();
  await expect(page.locator('.counts')).toContainText(`${run.recorded} of`);
  for (const row of await rows.all()) await expect(row).toHaveClass(/recorded/);
  const first = await rows.first().getAttribute('data-episode');
  await rows.first().getByRole('link').first().click();
  await expect(page).toHaveURL(/#\/replay\?/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Episode ${first}`);
  await shown(page, 0);
});

test('B-4: a recorded point among the returns opens that episode', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(`/#/episodes?run=${episode.run}&q=recorded`);
  const plot = page.getByRole('application', { name: /^Episodes:/ });
  await plot.focus();
  await page.keyboard.press('End');
  const tip = plot.locator('.tip');
  await expect(tip).toContainText(/episode \d+/);
  const number = /episode (\d+)/.exec((await tip.textContent())!)![1];
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Episode ${number}`);
  await shown(page, 0);
});

test('D-16: nothing is asked of any other host', async ({ page, request, baseURL }) => {
  const foreign: string[] = [];
  page.on('request', (asked) => {
    if (!asked.url().startsWith(baseURL!) && !/^(data|blob):/.test(asked.url())) foreign.push(asked.url());
  });
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  for (const address of [link(episode), '/#/episodes', '/#/runs']) {
    await page.goto(address);
    await page.waitForLoadState('load');
    await page.waitForTimeout(1000);
  }
  expect(foreign).toEqual([]);
});

test('an episode that does not exist, or was not recorded, is told with a way on', async ({
  page,
  request,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(`/#/replay?run=${episode.run}&episode=987654`);
  await expect(page.getByRole('alert')).toContainText('987654');
  await page.goto('/#/replay?run=01ARZ3NDEKTSV4RRFFQ69G5FAV&episode=0');
  await expect(page.getByRole('alert')).toContainText(/01ARZ3NDEKTSV4RRFFQ69G5FAV/);
});

for (const look of ['light', 'dark'] as const) {
  for (const [name, place] of [
    ['replay', 'replay'],
    ['episodes', 'episodes'],
  ] as const) {
    test(`${name} has no accessibility fault that axe finds, ${look}`, async ({ page, request }) => {
      const [episode] = await recordedEpisodes(request, 'cartpole', 1);
      await page.emulateMedia({ colorScheme: look });
      await page.goto(`/#/${place}?run=${episode.run}&episode=${episode.episode}&step=5`);
      if (place === 'replay') await shown(page, 5);
      else await expect(page.locator('tbody tr').first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual(
        [],
      );
    });
  }
}

test('390 px: nothing is wider than the screen', async ({ page, request }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  for (const address of [link(episode, '&step=5'), `/#/episodes?run=${episode.run}`]) {
    await page.goto(address);
    await page.waitForTimeout(1500);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  }
});
