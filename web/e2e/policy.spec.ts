import AxeBuilder from '@axe-core/playwright';
import { expect, test, type APIRequestContext, type Locator, type Page } from '@playwright/test';

import { columnNamed, decodeColumns, doubles } from '../src/api/columns';
import { link, recordedEpisodes } from './demo';
import { OwnServer } from './own_server';

/** Runs of every kind of policy, logged by the SDK: see `log_policies.py`. */
let server: OwnServer;
let runs: Map<string, string>;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_policies.py');
  runs = await server.idsByName(6);
});
test.afterAll(() => server.dispose());

const policy = (page: Page) => page.getByRole('region', { name: 'Policy', exact: true });
const moment = (page: Page, name: string) => policy(page).locator(`[data-moment="${name}"]`);

async function open(page: Page, name: string, rest = '', episode = 0): Promise<void> {
  await page.goto(`${server.url}/#/replay?run=${runs.get(name)}&episode=${episode}${rest}`);
  await expect(policy(page)).toBeVisible();
}

/** Rows of fields as the server has them: one array a step. */
async function logged(base: string, run: string, episode: number, ...names: string[]): Promise<number[][][]> {
  const answer = await fetch(`${base}/api/runs/${run}/episodes/${episode}/fields?names=${names.join(',')}`);
  const columns = decodeColumns(await answer.arrayBuffer());
  return names.map((name) => {
    const column = columnNamed(columns, name);
    const values = doubles(column);
    const width = values.length / column.rows;
    return Array.from({ length: column.rows }, (_, row) => [
      ...values.subarray(row * width, (row + 1) * width),
    ]);
  });
}

interface Drawn {
  /** Values that the lengths of the bars say, by lane. */
  values: Map<number, number>;
  taken: number[];
  highest: number[];
}

/** Reads the bars themselves, not their numbers: their places and lengths, against the ends of the axis. */
async function drawn(page: Page): Promise<Drawn> {
  const found = await policy(page)
    .locator('[data-policy]')
    .evaluate((host: HTMLElement) => ({
      low: Number(host.dataset.low),
      high: Number(host.dataset.high),
      lanes: [...host.querySelectorAll<HTMLElement>('.lane')].map((lane) => ({
        index: Number(lane.dataset.lane),
        marks: lane.dataset.marks ?? '',
        transform: lane.querySelector('i')?.style.transform ?? '',
      })),
    }));
  const { low, high } = found;
  const base = (Math.min(high, Math.max(low, 0)) - low) / (high - low);
  const values = new Map<number, number>();
  for (const { index, transform } of found.lanes) {
    const [, left, width] = /translateX\(([\d.e-]+)%\) scaleX\(([\d.e-]+)\)/.exec(transform) ?? [];
    if (left === undefined) continue;
    const [from, to] = [Number(left) / 100, Number(left) / 100 + Number(width)];
    const end = Math.abs(from - base) < 1e-4 ? to : from;
    values.set(index, low + end * (high - low));
  }
  const marked = (word: string) =>
    found.lanes.filter(({ marks }) => marks.includes(word)).map(({ index }) => index);
  return { values, taken: marked('taken'), highest: marked('highest') };
}

/** The bars are those of the log, within a pixel's part of the axis. */
async function expectBars(page: Page, expected: number[], span: number): Promise<Drawn> {
  let found!: Drawn;
  await expect(async () => {
    found = await drawn(page);
    expect(found.values.size).toBe(expected.length);
    for (const [lane, value] of found.values) {
      expect(
        Math.abs(value - expected[lane]),
        `lane ${lane}: ${value}, logged ${expected[lane]}`,
      ).toBeLessThan(0.005 * span);
    }
  }).toPass({ timeout: 10_000 });
  return found;
}

const largest = (values: number[]) => values.indexOf(Math.max(...values));

async function step(page: Page): Promise<number> {
  return Number(await page.getByRole('slider', { name: 'Step' }).inputValue());
}

test('D-8: bars are the log at every step, with the action taken and the highest marked', async ({
  page,
  request,
  baseURL,
}) => {
  const [breakout] = await recordedEpisodes(request, 'breakout', 1);
  const [p, action] = await logged(
    baseURL!,
    breakout.run,
    breakout.episode,
    'action_probabilities',
    'action',
  );
  await page.goto(link(breakout, '&step=60'));
  for (let at = 60; at < 72; at += 1) {
    await expect.poll(() => step(page)).toBe(at);
    const found = await expectBars(page, p[at], 1);
    expect([found.taken, found.highest]).toEqual([[action[at][0]], [largest(p[at])]]);
    await page.keyboard.press('ArrowRight');
  }
  // Played, they follow as well.
  await page.keyboard.press(',');
  await page.keyboard.press('Space');
  await expect.poll(() => step(page)).toBeGreaterThan(80);
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
  const at = await step(page);
  expect((await expectBars(page, p[at], 1)).taken).toEqual([action[at][0]]);

  const [lander] = await recordedEpisodes(request, 'lunarlander-dqn', 1);
  const [q] = await logged(baseURL!, lander.run, lander.episode, 'q_values');
  await page.goto(link(lander, '&step=20'));
  await expect(policy(page).locator('[data-policy="q_values"]')).toBeVisible();
  await expect(policy(page).locator('[data-axis]')).toContainText('fixed over the episode');
  const all = q.flat().filter(Number.isFinite);
  const span = Math.max(...all) - Math.min(...all);
  await expect(policy(page).locator('[data-policy]')).toHaveAttribute('data-low', String(Math.min(...all)));
  await expectBars(page, q[20], span);
  await policy(page).getByRole('button', { name: 'fit axis' }).click();
  await expect(policy(page).locator('[data-axis]')).toContainText('fits each step');
  const ends = Math.max(...q[20]) - Math.min(...q[20]);
  await expectBars(page, q[20], ends || 1);
});

test('A-6: every action is drawn as its controller, with its name and the reward', async ({ page }) => {
  await open(page, 'atari');
  const lanes = policy(page).locator('.lane');
  await expect(lanes.locator('[data-glyph="stick"]')).toHaveCount(18);
  const glyph = moment(page, 'action').locator('svg');
  const knob = () =>
    glyph.evaluate((svg) => {
      const solid = [...svg.querySelectorAll('circle.solid')].map((circle) => [
        Number(circle.getAttribute('cx')),
        Number(circle.getAttribute('cy')),
      ]);
      const stick = solid.find(([x]) => x < 20)!;
      return { x: Math.sign(stick[0] - 10), y: Math.sign(stick[1] - 10), fire: solid.some(([x]) => x > 20) };
    });
  const way = (name: string) => ({
    x: name.includes('RIGHT') ? 1 : name.includes('LEFT') ? -1 : 0,
    y: name.includes('DOWN') ? 1 : name.includes('UP') ? -1 : 0,
    fire: name.includes('FIRE'),
  });
  for (let at = 0; at < 17; at += 1) {
    await expect.poll(() => step(page)).toBe(at);
    const name = (await lanes.nth(at).locator('.name').textContent())!.trim();
    await expect(moment(page, 'action')).toContainText(name);
    expect(await knob(), name).toEqual(way(name));
    await page.keyboard.press('ArrowRight');
  }
  // The last is drawn as the run says.
  await expect(moment(page, 'action')).toContainText('DOWNLEFTFIRE');
  await expect(glyph.locator('text')).toHaveText('A');
  // A lander has engines, a grid world arrows.
  await open(page, 'ensemble');
  await expect(policy(page).locator('.lane [data-glyph="arrow"]')).toHaveCount(4);
});

test('U-16: next action, last reward, new episode, and probabilities of logits of 1e4', async ({ page }) => {
  await open(page, 'atari');
  await expect(moment(page, 'new-episode')).toContainText('new episode');
  await expect(moment(page, 'last-reward')).toHaveText('–');
  await expectBars(page, [35 / 52, ...Array<number>(17).fill(1 / 52)], 1);
  await expect(policy(page).locator('.lane').first().locator('.cell')).toHaveText('0.673');
  await page.keyboard.press('ArrowRight');
  await expect(moment(page, 'new-episode')).toHaveText('');
  await expect(moment(page, 'last-reward')).toHaveText('0');
  await page.keyboard.press('ArrowRight');
  await expect(moment(page, 'last-reward')).toHaveText('1');
  await expect(moment(page, 'action')).toContainText('UP');
  // A continuous policy says its next action too.
  await open(page, 'gaussian');
  await expect(moment(page, 'action')).toContainText(/throttle [\d.]+, steer [\d.]+, gain/);
});

test('U-21: groups of actions that the run names have the sum of their probabilities', async ({ page }) => {
  await open(page, 'atari', '&step=3&policy=group_probabilities');
  await expect(policy(page).locator('[data-policy="groups"]')).toBeVisible();
  // RIGHT has 35 of 52, and is one of six in its group.
  await expectBars(page, [6 / 52, 40 / 52, 6 / 52], 1);
  await expect(policy(page).locator('.lane').nth(1)).toContainText('right');
});

test('B-5: any numbers of the step are bars that equal the log at every step', async ({ page }) => {
  await open(page, 'many');
  const [attention, p, action] = await logged(
    server.url,
    runs.get('many')!,
    0,
    'attention',
    'action_probabilities',
    'action',
  );
  // A thousand actions: the highest, and the one taken although it is the lowest of all.
  await expect(policy(page).locator('.lane')).toHaveCount(20);
  await expect(async () => {
    const found = await drawn(page);
    expect(found.taken).toEqual([action[0][0]]);
    expect(found.values.has(largest(p[0]))).toBe(true);
  }).toPass();
  await policy(page).getByRole('button', { name: 'all 1,000' }).click();
  const list = policy(page).getByRole('region', { name: 'Probabilities' });
  await list.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await expect(policy(page).locator('.lane[data-lane="999"]')).toBeVisible();
  expect(await policy(page).locator('.lane').count()).toBeLessThan(60);
  await expect
    .poll(async () => Math.abs(((await drawn(page)).values.get(999) ?? NaN) - p[0][999]))
    .toBeLessThan(0.005);

  await policy(page).getByRole('combobox', { name: 'What is drawn of the step' }).selectOption('attention');
  await expect(page).toHaveURL(/policy=attention/);
  const all = attention.flat().filter(Number.isFinite);
  const span = Math.max(...all) - Math.min(...all);
  for (let at = 0; at < 40; at += 1) {
    await expect.poll(() => step(page)).toBe(at);
    await expectBars(page, attention[at], span);
    await page.keyboard.press('ArrowRight');
  }
  // Steps drawn at random are told from greedy ones.
  await open(page, 'atari', '&step=2');
  await expect(policy(page).locator('.mark')).toHaveText('random');
  await page.keyboard.press('ArrowRight');
  await expect(policy(page).locator('.mark')).toHaveText('greedy');
});

/** Numbers of a lane by the heads of their columns. */
async function cellsOf(lane: Locator): Promise<Record<string, string>> {
  return lane.evaluate((element) =>
    Object.fromEntries(
      [...element.querySelectorAll<HTMLElement>('.cell')].map((cell) => [
        cell.dataset.cell,
        cell.lastChild?.textContent ?? '',
      ]),
    ),
  );
}

const number = (text: string) => Number(text.replace('−', '-').replace('−', '-'));

test('B-6: 51 atoms at their true positions, with mean and CVaR; what is no distribution is said', async ({
  page,
}) => {
  await open(page, 'c51', '&step=1&policy=atom_probabilities');
  const canvas = policy(page).locator('[data-policy="distribution"] canvas');
  await expect(canvas).toHaveAttribute('data-stems', '51');
  // Columns of ink right above the floor of the first lane: the diamond of the mean hides a few.
  await expect
    .poll(() =>
      canvas.evaluate((element: HTMLCanvasElement) => {
        const ratio = element.width / element.clientWidth;
        const row = Math.round((44 - 11) * ratio);
        const { data } = element.getContext('2d')!.getImageData(0, row, element.width, 1);
        let stems = 0;
        for (let x = 0, inside = false; x < element.width; x += 1) {
          const ink = data[4 * x + 3] > 60;
          if (ink && !inside) stems += 1;
          inside = ink;
        }
        return stems;
      }),
    )
    .toBeGreaterThanOrEqual(46);
  const [mean, cvar, p] = await logged(
    server.url,
    runs.get('c51')!,
    0,
    'q_mean',
    'cvar',
    'atom_probabilities',
  );
  const atoms = Array.from({ length: 51 }, (_, i) => -10 + (20 * i) / 50);
  for (let action = 0; action < 3; action += 1) {
    const own = p[1].slice(51 * action, 51 * action + 51);
    const expected = own.reduce((sum, weight, i) => sum + weight * atoms[i], 0);
    expect(own.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
    expect(mean[1][action]).toBeCloseTo(expected, 4);
    const cells = await cellsOf(policy(page).locator(`.lane[data-lane="${action}"]`));
    expect(number(cells.mean)).toBeCloseTo(mean[1][action], 1);
    expect(number(cells.CVaR)).toBeCloseTo(cvar[1][action], 1);
    expect(number(cells.CVaR)).toBeLessThan(number(cells.mean));
  }
  await expect(policy(page).getByRole('alert')).toHaveCount(0);
  const tail = (await cellsOf(policy(page).locator('.lane').first())).CVaR;
  await policy(page).getByRole('combobox', { name: 'Share of the lower tail' }).selectOption('0.25');
  await expect
    .poll(async () => number((await cellsOf(policy(page).locator('.lane').first())).CVaR))
    .toBeGreaterThan(number(tail));
  await open(page, 'c51', '&step=3&policy=atom_probabilities');
  await expect(policy(page).getByRole('alert')).toContainText('stay sum to 0.5, not 1');
});

test('B-6: the quantiles of a published agent', async ({ page, request, baseURL }) => {
  const episode = (await recordedEpisodes(request, 'mountaincar')).at(-1)!;
  const { run } = episode;
  const [q, mean, cvar] = await logged(baseURL!, run, episode.episode, 'q_values', 'q_mean', 'cvar');
  await page.goto(link(episode, '&step=30&policy=quantiles'));
  await expect(policy(page).locator('canvas')).toHaveAttribute('data-stems', '25');
  for (let action = 0; action < 3; action += 1) {
    await expect
      .poll(async () => number((await cellsOf(policy(page).locator(`.lane[data-lane="${action}"]`))).mean))
      .toBeCloseTo(q[30][action], 0);
    const cells = await cellsOf(policy(page).locator(`.lane[data-lane="${action}"]`));
    expect(number(cells.CVaR)).toBeCloseTo(cvar[30][action], 1);
    expect(mean[30][action]).toBeCloseTo(q[30][action], 4);
  }
  await expect(policy(page).locator('.lane[data-marks*="highest"]')).toHaveAttribute(
    'data-lane',
    String(largest(mean[30])),
  );
});

test('B-7: mean and spread against the bounds, the action taken, what is clipped, the density', async ({
  page,
  request,
  baseURL,
}) => {
  await open(page, 'gaussian', '&step=8');
  const [mean, std, action, density] = await logged(
    server.url,
    runs.get('gaussian')!,
    0,
    'action_mean',
    'action_std',
    'action',
    'action_log_probability',
  );
  for (let i = 0; i < 3; i += 1) {
    const lane = policy(page).locator(`.lane[data-lane="${i}"]`);
    await expect.poll(async () => (await cellsOf(lane))['mean ± sd']).toMatch(/^−?[\d.]+ ± [\d.]+$/);
    const cells = await cellsOf(lane);
    const [shown, spread] = cells['mean ± sd'].split(' ± ').map(number);
    expect(shown).toBeCloseTo(mean[8][i], 2);
    expect(Math.abs(spread - std[8][i])).toBeLessThan(0.06 * std[8][i]);
    expect(number(cells.taken)).toBeCloseTo(action[8][i], 2);
  }
  await expect(moment(page, 'beyond')).toContainText(/steer: action 1\.53 is clipped to 1/);
  await expect
    .poll(async () => number(/π (\S+)/.exec((await moment(page, 'log-probability').textContent())!)![1]))
    .toBeCloseTo(density[8][0], 1);

  const [lander] = await recordedEpisodes(request, 'continuous', 1);
  const [means, taken] = await logged(baseURL!, lander.run, lander.episode, 'action_mean', 'action');
  const at = means.findIndex((row) => row.some((value) => Math.abs(value) > 1.01));
  await page.goto(link(lander, `&step=${at}`));
  await expect(moment(page, 'beyond')).toContainText(/mean −?[\d.]+ is clipped to −?1/);
  const lane = policy(page).locator('.lane').first();
  await expect.poll(async () => number((await cellsOf(lane)).taken)).toBeCloseTo(taken[at][0], 2);
  expect((await cellsOf(lane))['mean ± sd']).toContain('±');
});

test('B-9: nine heads, their votes and spread, the head that acts, prior and learned part', async ({
  page,
}) => {
  await open(page, 'ensemble', '&step=5&policy=q_heads');
  const [votes, mean, std] = await logged(server.url, runs.get('ensemble')!, 0, 'votes', 'q_mean', 'q_std');
  expect(votes[5].reduce((sum, count) => sum + count, 0)).toBe(9);
  for (let action = 0; action < 4; action += 1) {
    const lane = policy(page).locator(`.lane[data-lane="${action}"]`);
    await expect.poll(async () => (await cellsOf(lane)).votes).toBe(`${votes[5][action]} of 9`);
    const cells = await cellsOf(lane);
    expect(number(cells.mean)).toBeCloseTo(mean[5][action], 2);
    expect(number(cells.sd)).toBeCloseTo(std[5][action], 2);
  }
  await expect(policy(page).locator('.lane[data-marks*="highest"]')).toHaveAttribute(
    'data-lane',
    String(largest(votes[5])),
  );
  // By episode: the first says it once, the second at every step.
  await expect(moment(page, 'head')).toContainText('9 heads');
  await expect(moment(page, 'head')).toContainText('head 4 acts');
  await open(page, 'ensemble', '&step=5&policy=q_heads', 1);
  await expect(moment(page, 'head')).toContainText('head 7 acts');

  const parts = policy(page).getByRole('group', { name: 'Part of the value' });
  const canvas = policy(page).locator('[data-policy="heads"] canvas');
  const picture = () => canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());
  const whole = await picture();
  await parts.getByRole('button', { name: 'prior' }).click();
  await expect(policy(page).locator('[data-part="q_heads_prior"]')).toBeVisible();
  await expect.poll(picture).not.toBe(whole);
  await parts.getByRole('button', { name: 'learned' }).click();
  await expect(policy(page).locator('[data-part="q_heads_learned"]')).toBeVisible();

  await policy(page).getByRole('button', { name: '+ curves of disagreement' }).click();
  await expect(page).toHaveURL(/tracks=[^&]*q_std_mean[^&]*head_disagreement/);
  await expect(page.getByRole('region', { name: 'Time line' })).toContainText('q_std_mean');
});

test('R-4: parts of an observation are in one table; texts are texts; choices are named', async ({
  page,
}) => {
  await open(page, 'nested', '&step=4');
  const table = page.getByRole('region', { name: 'observation', exact: true });
  await expect(table.getByRole('row').filter({ hasText: 'gear' })).toContainText('of 3');
  await expect(table.getByRole('row').filter({ hasText: 'said' })).toContainText('<b>step</b> 4');
  expect(await table.locator('td b').count()).toBe(0);
  await expect(table.getByRole('row').filter({ hasText: 'arm [1]' })).toContainText('−2');
  await expect(table.getByRole('row').filter({ hasText: 'arm [1]' }).locator('[data-change]')).toHaveText(
    '+0.05',
  );
  // Two choices side by side, and which of the environments it was.
  await expect(policy(page).locator('.heading')).toHaveText(['choice 0', 'choice 1']);
  await expect.poll(async () => (await drawn(page)).taken).toEqual([1, 3]);
  await expect(moment(page, 'who')).toHaveText('environment 3 of 8');
});

test('R-4: an observation of ten thousand numbers is searched, ordered and scrolled', async ({ page }) => {
  await open(page, 'many', '&step=3');
  const table = page.getByRole('region', { name: 'observation', exact: true });
  await expect(table).toHaveAttribute('data-elements', '10000');
  await expect(table.getByRole('rowheader', { name: '[0]', exact: true })).toBeVisible();
  expect(await table.locator('tbody tr').count()).toBeLessThan(80);
  await table.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await expect(table.getByRole('rowheader', { name: '[9999]' })).toBeVisible();
  await page.getByLabel('Filter elements by name').fill('[123');
  await expect(table.getByRole('rowheader').first()).toHaveText('[123]');
  await page.getByLabel('Filter elements by name').fill('');
  await page.getByLabel('Order of the elements').selectOption('value');
  await expect.poll(() => table.evaluate((element) => (element.scrollTop = 0))).toBe(0);
  const [observation] = await logged(server.url, runs.get('many')!, 0, 'observation');
  await expect(table.getByRole('rowheader').first()).toHaveText(`[${largest(observation[3])}]`);
});

test('bounds that do not end are shown as such', async ({
  page,
  request,
}: {
  page: Page;
  request: APIRequestContext;
}) => {
  const [episode] = await recordedEpisodes(request, 'cartpole', 1);
  await page.goto(link(episode, '&step=3'));
  const table = page.getByRole('region', { name: 'observation', exact: true });
  const row = table.getByRole('row').filter({ hasText: 'cart velocity' });
  await expect(row.locator('.bound')).toHaveText(['−∞', '∞']);
});

for (const look of ['light', 'dark'] as const) {
  test(`policy panels have no accessibility fault that axe finds, and fit 390 px, ${look}`, async ({
    page,
  }) => {
    test.slow(); // ten pages, each walked by axe
    await page.emulateMedia({ colorScheme: look });
    for (const [name, rest] of [
      ['atari', ''],
      ['c51', '&policy=atom_probabilities'],
      ['ensemble', '&policy=q_heads'],
      ['gaussian', ''],
      ['nested', ''],
    ] as const) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await open(page, name, `&step=5${rest}`);
      await expect(policy(page).locator('.lane').first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(({ id, nodes }) => `${name} ${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      ).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      await page.waitForTimeout(300);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    }
  });
}
