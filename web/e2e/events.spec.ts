import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { link, recordedEpisodes, runs } from './demo';
import { OwnServer } from './own_server';

interface Found {
  events: { kind: string; episode: number; step: number; value: number; score: number }[];
  done: number;
  episodes: number;
}

let server: OwnServer;
let run: string;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_loops.py');
  run = await server.idOf('planted');
});
test.afterAll(() => server.dispose());

const rows = (page: Page) => page.getByRole('list', { name: 'Events' }).getByRole('link');
const listed = (page: Page) => expect(page.locator('[data-found="done"]')).toBeVisible();

test('B-12: a planted loop is listed with its evidence and plays; no agent of the demo is flagged', async ({
  page,
  request,
}) => {
  await page.goto(`${server.url}/#/events?run=${run}`);
  await listed(page);
  const loop = page.locator('a[data-event="loop"]');
  await expect(loop).toHaveCount(1);
  await expect(loop).toContainText('episode 1, steps 0 to 239');
  await expect(loop).toContainText('0 1 2 3 again and again: 4 steps long, 60.0 times, 240 of 240 steps');
  for (const kind of ['state_revisits', 'cyclic_reward', 'one_reward_source'])
    await expect(page.locator(`a[data-event="${kind}"]`)).toHaveCount(1);
  await loop.click();
  await expect(page).toHaveURL(new RegExp(`#/replay\\?.*run=${run}.*episode=1`));

  // The real agents of the demo do not loop.
  for (const { id, name, recorded } of await runs(request)) {
    if (recorded === 0) continue;
    let found: Found;
    do {
      const kinds = 'loop,state_revisits,cyclic_reward,one_reward_source';
      found = (await (await request.get(`/api/runs/${id}/events?kinds=${kinds}`)).json()) as Found;
    } while (found.done < found.episodes);
    expect(found.events, name).toEqual([]);
    const health = (await (await request.get(`/api/runs/${id}/health`)).json()) as {
      findings: { rule: string }[];
    };
    expect(
      health.findings.filter(({ rule }) => rule === 'looping' || rule === 'one_source'),
      name,
    ).toEqual([]);
  }
});

test('U-4: bookmarks of high and low advantage are one an episode and sign, ranked, and lead to the step', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/events?run=${run}&kinds=high_advantage,low_advantage`);
  await listed(page);
  await expect(rows(page)).toHaveCount(4);
  await expect(page.locator('a[data-event="low_advantage"]')).toHaveCount(2);
  const first = page.locator('a[data-event="low_advantage"]').first();
  await expect(first).toContainText('step 50');
  await expect(first).toContainText('the lowest of the episode');
  await first.click();
  await expect(page).toHaveURL(/#\/replay\?.*step=50/);
});

test('N-15: kinds are filtered in the address, sorted, and reached by keys', async ({ page }) => {
  await page.goto(`${server.url}/#/events?run=${run}`);
  await listed(page);
  const all = await rows(page).count();
  await page.locator('[data-kind="value_surprise"]').click();
  await expect(page).toHaveURL(/kinds=value_surprise/);
  await expect(rows(page).first()).toContainText('TD error');
  expect(await rows(page).count()).toBeLessThan(all);
  await page.getByRole('combobox', { name: 'Order of the events' }).selectOption('episode');
  await expect(page).toHaveURL(/sort=episode/);
  await page.reload();
  await listed(page);
  const kinds = await rows(page).evaluateAll((links) =>
    links.map((one) => (one as HTMLElement).dataset.event),
  );
  expect(new Set(kinds)).toEqual(new Set(['value_surprise']));
  await page.keyboard.press('j');
  await expect(rows(page).first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/replay\?/);
});

test('N-20: found events lie on the time line of Replay, are switched by kind, and keys go to them', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/replay?run=${run}&episode=0`);
  const lane = page.getByRole('group', { name: 'Found events' });
  await expect(lane.locator('[data-found="low_advantage"]')).toHaveCount(1);
  await page.locator('body').press('m');
  await expect(page).toHaveURL(/step=\d+/);
  await lane.locator('[data-found="low_advantage"]').focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/step=50/);
  await expect(page.getByRole('note')).toContainText('of the episode');
  await page.locator('.found summary').click();
  await page.getByRole('checkbox', { name: 'Low advantage' }).uncheck();
  await expect(page).toHaveURL(/hidden_events=low_advantage/);
  await expect(lane.locator('[data-found="low_advantage"]')).toHaveCount(0);
});

test('N-20: events are found where no picture was recorded, too', async ({ page, request }) => {
  const episodes = await recordedEpisodes(request, 'lunarlander-dqn');
  const bare = episodes.find(({ fields }) => fields.every(({ image }) => !image))!;
  await page.goto(link(bare));
  await expect(page.locator('.found summary')).toHaveText(/found · [1-9]/);
});

test('D-3: the action divergence of recorded episodes stands beside their returns', async ({
  page,
  request,
}) => {
  await page.goto(`${server.url}/#/events?run=${run}`);
  const chart = page.getByRole('img', { name: /^Mean action divergence/ });
  await expect(chart).toBeVisible();
  await expect(page.getByRole('img', { name: /^Return of each recorded episode/ })).toBeVisible();
  const answer = await request.get(`${server.url}/api/runs/${run}/divergence`);
  const { episodes } = (await answer.json()) as { episodes: { mean: number | null }[] };
  // p = (0.9, 0.1, 0, 0) against q = (0.5, 0.5, 0, 0) with ε = 1e-4, in bits.
  const q = (0.5 + 1e-4) / 1.0004;
  expect(episodes[0]!.mean).toBeNull();
  expect(episodes[1]!.mean).toBeCloseTo(0.9 * Math.log2(0.9 / q) + 0.1 * Math.log2(0.1 / q), 5);
});

test('health stands on Overview with evidence and leads to the curve', async ({ page }) => {
  await page.goto(`${server.url}/#/overview?run=${run}`);
  const card = page.locator('[data-health]');
  await expect(card).toContainText('Entropy collapse');
  await expect(card).toContainText('losses/entropy at step 400');
  await expect(card).toContainText('KL spike');
  await card.getByRole('link', { name: /losses\/approx_kl/ }).click();
  await expect(page).toHaveURL(/#\/training\?.*filter=/);
  // Enlarged around the step of the finding.
  await expect(page).toHaveURL(/zoom=global_step(:|%3A)400\.\.800/);
});

test('limits of the rules of health are set on Overview and kept in the address', async ({ page }) => {
  await page.goto(`${server.url}/#/overview?run=${run}`);
  const card = page.locator('[data-health]');
  await expect(card).toContainText('KL spike');
  await card.getByText('Limits of the rules').click();
  const floor = card.getByLabel(/smallest KL that is a spike/);
  await floor.fill('3');
  await floor.press('Enter');
  await expect(page).toHaveURL(/health=kl_floor(:|%3A)3/);
  await expect(card).not.toContainText('KL spike');
  await expect(card).toContainText('Entropy collapse');
  await floor.fill('-1');
  await floor.press('Enter');
  await expect(page.getByText(/Health could not be looked at/)).toContainText('kl_floor');
  await page.getByRole('button', { name: 'Limits as usual' }).click();
  await expect(card).toContainText('KL spike');
  await expect(page).not.toHaveURL(/health=/);
});

test('how events are found is set on the page and kept in the address', async ({ page }) => {
  await page.goto(`${server.url}/#/events?run=${run}`);
  await listed(page);
  await expect(page.locator('a[data-event="loop"]')).toHaveCount(1);
  await page.getByText('How events are found').click();
  const steps = page.getByLabel(/fewest steps of a loop/);
  await expect(steps).toHaveValue('24');
  await steps.fill('1000');
  await steps.press('Enter');
  await expect(page).toHaveURL(/with=loop_steps(:|%3A)1000/);
  await expect(page.locator('a[data-event="loop"]')).toHaveCount(0);
  await page.reload();
  await listed(page);
  await expect(page.locator('a[data-event="loop"]')).toHaveCount(0);
  await expect(steps).toHaveValue('1000');
  await page.getByRole('button', { name: 'as usual' }).click();
  await expect(page.locator('a[data-event="loop"]')).toHaveCount(1);
  await expect(page).not.toHaveURL(/with=/);
});

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`no axe violations on Events, ${scheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`${server.url}/#/events?run=${run}`);
      await listed(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    });
  }
}
