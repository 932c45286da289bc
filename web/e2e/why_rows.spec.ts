import { expect, test, type APIRequestContext } from '@playwright/test';

import { recordedEpisodes } from './demo';
import { attribution, breakout, overlaid, panel } from './why';

/** What the policy said of an action at a step, as the API has it. */
async function probability(
  request: APIRequestContext,
  at: { run: string; episode: number },
  step: number,
  action: number,
): Promise<number> {
  const answer = await request.get(
    `/api/runs/${at.run}/episodes/${at.episode}/fields?names=action_probabilities&from=${step}&to=${step + 1}`,
  );
  const body = await answer.body();
  const length = body.readUInt32LE(4);
  const header = JSON.parse(body.subarray(8, 8 + length).toString()) as {
    columns: { dtype: string; offset: number }[];
  };
  const [{ dtype, offset }] = header.columns;
  const start = 8 + length + offset;
  return dtype === 'float64' ? body.readDoubleLE(start + 8 * action) : body.readFloatLE(start + 4 * action);
}

test('R-12: the alternative that was chosen stays while scrubbing, with its own probability', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&why`);
  await overlaid(page, 530);
  await page.keyboard.press('t');
  const why = panel(page);
  await why.getByRole('radio', { name: /^RIGHT/ }).check();
  await expect(page).toHaveURL(/target=2/);
  for (const step of [530, 531, 700]) {
    await page.keyboard.press('Escape');
    await page.evaluate((to) => {
      location.hash = location.hash.replace(/step=\d+/, `step=${to}`);
    }, step);
    await overlaid(page, step);
    const expected = await probability(request, at, step, 2);
    await expect(why.locator('[data-target]')).toContainText('RIGHT');
    await expect(why.locator('[data-target-number]')).toHaveText(expected.toFixed(3));
    await expect(why.locator('[data-why="answered"]')).toContainText('of RIGHT');
  }
  // Another action can be set against it, and the likeliest can come first.
  await page.keyboard.press('t');
  await why.locator('[data-row="3"]').getByRole('button', { name: 'and not LEFT' }).click();
  await expect(why.locator('[data-target]')).toContainText('RIGHT, not LEFT');
  await expect(page).toHaveURL(/target=2-3/);
  await why.getByLabel('likeliest first').check();
  const numbers = await why.locator('li[data-row] .number').allTextContents();
  const actions = numbers.slice(-4).map(Number);
  expect(actions).toEqual(actions.toSorted((a, b) => b - a));
  // The arrows choose, Escape goes back.
  await why.getByRole('radio', { name: /^RIGHT/ }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(page).not.toHaveURL(/target=2-3/);
  await page.keyboard.press('Escape');
  await expect(why.getByRole('radio')).toHaveCount(0);
});

test('U-17: rows per output are added, changed, removed, laid over the observation, split, and differ', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&why`);
  await overlaid(page, 530);
  const why = panel(page);
  await why.getByRole('button', { name: /compare with another/ }).click();
  const rows = why.locator('[data-question]');
  await expect(rows).toHaveCount(2);
  await rows
    .nth(1)
    .getByRole('button', { name: /target:/ })
    .click();
  await rows.nth(1).getByRole('radio', { name: 'value' }).check();
  await expect(page).toHaveURL(/also=target%3Dvalue/);
  await expect(rows.nth(1)).toContainText('value =');
  // Another network is asked the same.
  await why.getByRole('button', { name: '+ another' }).click();
  await rows.nth(2).getByLabel('network').selectOption('40000000');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(2)).toContainText('40M');
  const tiles = (row: number) => rows.nth(row).getByRole('img');
  await expect(tiles(2)).toHaveCount(1);
  await why.getByLabel('for and against in one').uncheck();
  await expect(tiles(2)).toHaveCount(2);
  await why.getByLabel('for and against in one').check();
  await why.getByLabel('difference from the first').check();
  await expect(tiles(0)).toHaveCount(1);
  await expect(rows.nth(1).locator('[data-difference]')).toContainText('less the first');
  // Without the observation beneath, the tile changes.
  const paint = () =>
    rows
      .nth(1)
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const over = await paint();
  await why.getByLabel('over the observation').uncheck();
  await expect.poll(paint).not.toBe(over);
  // They follow the playhead, and a link has them.
  await page.reload();
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1)).toContainText('value =');
  await rows.nth(1).getByRole('button', { name: 'Remove question 2' }).click();
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText('value');
});

test('totals over time fill in by themselves, agree with the numbers, and lead to a step', async ({
  page,
  request,
}) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-ppo', 1);
  await page.goto(
    `/#/replay?run=${lander.run}&episode=${lander.episode}&step=30&why=integrated_gradients&target=value&totals=1`,
  );
  const track = page.locator('[data-track="attribution totals"]');
  await expect(track).toHaveAttribute('data-known', String(lander.steps), { timeout: 40_000 });
  await expect(track.getByRole('progressbar')).toHaveCount(0);
  const { values } = await attribution(request, lander, 30, {
    method: 'integrated_gradients',
    target: 'value',
    as: 'float32',
  });
  const sum = values.reduce((sum, value) => sum + Math.abs(value), 0);
  const shown = async () => Number((await track.locator('.now').textContent())!.replace('−', '-'));
  expect(await shown()).toBeCloseTo(sum, 1);
  await track.getByLabel('What of the attributions is summed').selectOption('positive');
  await expect(page).toHaveURL(/total=positive/);
  const positive = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  expect(await shown()).toBeCloseTo(positive, 1);
  const chart = track.getByRole('img');
  await chart.click();
  const middle = Math.round((lander.steps - 1) / 2);
  await expect
    .poll(async () =>
      Math.abs(
        Number(
          await page
            .locator('[data-counter="step"]')
            .textContent()
            .then((text) => /\d+/.exec(text!)![0]),
        ) - middle,
      ),
    )
    .toBeLessThanOrEqual(2);
  await track.getByRole('button', { name: 'Remove the totals' }).click();
  await expect(track).toHaveCount(0);
});

test('two questions about numbers stand in the table side by side, with their difference', async ({
  page,
  request,
}) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-ppo', 1);
  await page.goto(
    `/#/replay?run=${lander.run}&episode=${lander.episode}&step=30&why=integrated_gradients&also=target%3Dvalue&difference=1`,
  );
  const table = panel(page).getByRole('region', { name: 'Attribution of each entry' });
  await expect(table.getByRole('columnheader')).toContainText([
    'entry',
    'received',
    'logged',
    'action taken',
    'scaled',
    'value',
    'scaled',
    'less the first',
  ]);
  const row = table.locator('tr[data-entry]').first();
  const [first, second, less] = (await row.locator('[data-raw]').allTextContents()).map((text) =>
    Number(text.replace('−', '-').replace('e−', 'e-')),
  );
  expect(less).toBeCloseTo(second! - first!, 2);
});
