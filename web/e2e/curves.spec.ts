import { readFile } from 'node:fs/promises';

import { expect, test, type APIRequestContext, type Locator, type Page } from '@playwright/test';

import { columnNamed, decodeColumns, doubles } from '../src/api/columns';
import { recordedEpisodes, runs } from './demo';
import { OwnServer } from './own_server';

let server: OwnServer;
let odd: string;
let many: string[];

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_curves.py');
  odd = await server.idOf('odd');
  await expect(async () => {
    many = (await server.runs()).filter(({ project }) => project === 'many').map(({ id }) => id);
    expect(many).toHaveLength(40);
  }).toPass();
});
test.afterAll(() => server.dispose());

const chart = (page: Page, title: string) =>
  page.locator('article', { has: page.getByRole('heading', { name: title, exact: true }) });
const plot = (one: Locator) => one.locator('canvas.line-above');

async function openOdd(page: Page, rest = ''): Promise<void> {
  await page.goto(`${server.url}/#/training?runs=${odd}${rest}`);
  await expect(chart(page, 'value_loss').getByRole('application', { name: /1 line/ })).toBeVisible();
}

/** TensorBoard's `classicSmoothing`, written down anew. */
function tensorboard(values: readonly number[], weight: number): number[] {
  let [last, count] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    last = last * weight + (1 - weight) * value;
    count += 1;
    return last / (1 - weight ** count);
  });
}

const number = (text: string) => Number(text.replace(/,/g, '').replace(/−/g, '-'));

/** Rows of the table of a chart: places on x and what is drawn there. */
async function samples(one: Locator): Promise<[x: number, y: number][]> {
  await one.getByRole('button', { name: 'Show as table' }).click();
  const rows = one.locator('.twin table').nth(1).locator('tbody tr');
  const texts = await rows.evaluateAll((all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')),
  );
  await one.getByRole('button', { name: 'Show as table' }).click();
  return texts.map(([x, y]) => [number(x), number(y)]);
}

async function saved(page: Page, one: Locator, item: string): Promise<Buffer> {
  await one.getByRole('button', { name: /^More of/ }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    one.getByText(item, { exact: true }).click(),
  ]);
  return readFile(await download.path());
}

interface Row {
  step: number;
  value: number;
}

function rowsOf(csv: string): Row[] {
  const [head, ...lines] = csv.trimEnd().split('\n');
  expect(head).toBe('run,name,global_step,time_us,value');
  return lines.map((line) => {
    const cells = line.split(',');
    return { step: Number(cells[2]), value: Number(cells[4]) };
  });
}

async function logged(request: APIRequestContext, run: string, tag: string): Promise<Row[]> {
  const answer = await request.post('/api/series', {
    data: { series: [{ run, axis: 'global_step', tag }], buckets: 10_000 },
  });
  const body = await answer.body();
  const columns = decodeColumns(
    body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer,
  );
  const [step, value] = ['0/step', '0/last'].map((name) => doubles(columnNamed(columns, name)));
  return [...step].map((at, i) => ({ step: at, value: value[i] }));
}

test('A-15: smoothing is that of TensorBoard, and the file holds the data, on a real run', async ({
  page,
  request,
}) => {
  const run = (await runs(request)).find(({ name }) => name.includes('cartpole'))!.id;
  await page.goto(`/#/training?runs=${run}&smooth=0.9`);
  const one = chart(page, 'ep_rew_mean');
  await expect(one.getByRole('application', { name: /1 line/ })).toBeVisible();
  await expect(one.getByText('EMA 0.9')).toBeVisible();

  const rows = rowsOf((await saved(page, one, 'Points as CSV')).toString());
  const data = await logged(request, run, 'rollout/ep_rew_mean');
  expect(rows.length).toBeGreaterThan(20);
  expect(rows).toEqual(data);

  const smooth = tensorboard(
    rows.map(({ value }) => value),
    0.9,
  );
  const drawn = await samples(one);
  expect(drawn.length).toBeGreaterThan(10);
  for (const [x, y] of drawn) {
    const expected = smooth[rows.findIndex(({ step }) => step === x)];
    // The table shows four digits.
    expect(Math.abs(y - expected)).toBeLessThanOrEqual(Math.abs(expected) * 6e-4 + 1e-9);
  }
});

test('B-13: the points of a chart, episodes and steps are saved as JSON, Parquet and npz', async ({
  page,
  request,
}) => {
  const [{ run, episode }] = await recordedEpisodes(request, 'cartpole-dqn', 1);
  await page.goto(`/#/training?runs=${run}`);
  const kept = (file: Buffer) => file.subarray(0, 4).toString('latin1');
  const one = chart(page, 'ep_rew_mean');
  await expect(one.getByRole('application', { name: /1 line/ })).toBeVisible();
  const told = JSON.parse((await saved(page, one, 'Points as JSON')).toString()) as { run: string }[];
  expect(told.length).toBeGreaterThan(10);
  expect(told.every((row) => row.run === run)).toBe(true);
  await page.goto(`/#/episodes?run=${run}`);
  for (const [label, what] of [
    [/episodes as a table/, 'All episodes'],
    [/steps of this episode as a table/, 'Steps'],
  ] as const) {
    for (const [kind, magic] of [
      ['Parquet', 'PAR1'],
      ['npz', 'PK\u0003\u0004'],
    ]) {
      await page.getByRole('button', { name: label }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: `${what} as ${kind}` }).click(),
      ]);
      expect(kept(await readFile(await download.path()))).toBe(magic);
    }
    await page.goto(`/#/replay?run=${run}&episode=${episode}`);
  }
});

test('A-15: a moving average does not begin anew at the edge of a zoom', async ({ page }) => {
  await openOdd(page, '&smooth=0.99');
  const one = chart(page, 'value_loss');
  const whole = new Map(await samples(one));
  await page.goto(`${server.url}/#/training?runs=${odd}&smooth=0.99&zoom=global_step:2000..2100`);
  const finer = one.getByRole('application');
  await expect(finer).toBeVisible();
  await expect(async () => {
    const zoomed = await samples(one);
    // All points of the part, not those of buckets eight steps wide.
    expect(zoomed.some(([x], i) => i > 0 && x - zoomed[i - 1][0] < 7)).toBe(true);
    const values = zoomed.map(([, y]) => y);
    const near = [...whole].filter(([x]) => x > 1900 && x < 2200).map(([, y]) => y);
    expect(near.length).toBeGreaterThan(0);
    // The raw values swing by 6; the average begun anew would begin with one of them.
    const [low, high] = [Math.min(...values), Math.max(...values)];
    for (const y of near) expect(Math.min(Math.abs(y - low), Math.abs(y - high))).toBeLessThan(1);
    expect(high - low).toBeLessThan(1.5);
  }).toPass();
});

test('A-15: a rolling mean, no smoothing, and what the chart says of them', async ({ page }) => {
  await openOdd(page, '&smooth=0');
  const one = chart(page, 'value_loss');
  await page.getByLabel('Kind of smoothing').selectOption('rolling');
  await expect(one.getByText('mean of 20 points')).toBeVisible();
  await page.getByLabel('Points of the rolling mean').fill('250');
  await page.keyboard.press('Tab');
  await expect(page).toHaveURL(/smooth=mean:250/);
  await expect(one.getByText('mean of 250 points')).toBeVisible();
  await plot(one).hover();
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/smooth=0/);
  await expect(one.getByText(/mean of/)).toHaveCount(0);
});

test('A-15: what a logarithm cannot show and what is no number is left out, marked and counted', async ({
  page,
}) => {
  await openOdd(page, '&smooth=0');
  const one = chart(page, 'approx_kl');
  await expect(one.getByText('4 NaN or infinite')).toBeVisible();
  await plot(one).hover();
  await page.keyboard.press('l');
  await expect(page).toHaveURL(/log=train\/approx_kl/);
  await expect(one.getByText('2 at or below 0, which a logarithm leaves out')).toBeVisible();
  await page.getByRole('button', { name: 'Display' }).click();
  await page.getByLabel('Logarithmic x').check();
  await expect(page).toHaveURL(/xlog=1/);
  await expect(one.getByText('log x')).toBeVisible();
});

test('A-15: outliers are left out of y on request, and the chart says how many points', async ({ page }) => {
  await openOdd(page, '&smooth=0');
  const one = chart(page, 'spiky');
  await page.keyboard.press('o');
  await expect(page).toHaveURL(/outliers=1/);
  await expect(one.getByText('y 1–99 %')).toBeVisible();
  // 200 values: two at either end.
  await expect(one.getByText(/^\d outside of the range of y$/)).toBeVisible();
  await page.keyboard.press('o');
  await expect(one.getByText(/outside of the range/)).toHaveCount(0);
});

test('A-15: x counts steps, episodes, time since the start or the clock', async ({ page }) => {
  await openOdd(page, '&smooth=0');
  const one = chart(page, 'value_loss');
  const said = one.locator('[aria-live]');
  for (const [button, text] of [
    ['Step', /step 3,999:/],
    ['Episode', /episode 39:/],
    ['Relative', /odd, [\d.]+ (s|min|ms).*:/],
    ['Clock', /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:/],
  ] as const) {
    await page.getByRole('button', { name: button, exact: true }).click();
    await expect(one.getByRole('application', { name: /1 line/ })).toBeVisible();
    await one.getByRole('application').focus();
    await page.keyboard.press('End');
    await expect(said).toHaveText(text);
  }
});

test('A-15: tags are found by a regular expression, in any case; a broken one says so', async ({ page }) => {
  await openOdd(page);
  const filter = page.getByRole('textbox', { name: 'Filter tags' });
  await filter.fill('VALUE_loss|^train/sp');
  await expect(page.locator('article')).toHaveCount(2);
  await filter.fill('train/(');
  await expect(page.getByRole('status').filter({ hasText: /regular expression/i })).toBeVisible();
  await expect(chart(page, 'approx_kl')).toBeVisible();
});

test('A-15: the wheel zooms and pans, shift-drag pans, the y axis is marked or typed, a double click shows all', async ({
  page,
}) => {
  await openOdd(page, '&smooth=0');
  const one = chart(page, 'value_loss');
  const box = (await plot(one).boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const zoom = async () => {
    await page.waitForTimeout(1200);
    const [, low, high] = /zoom=global_step:(-?[\d.]+)\.\.(-?[\d.]+)/.exec(page.url())!;
    return [Number(low), Number(high)];
  };

  await page.mouse.move(x, y);
  const finer = page.waitForRequest(
    (asked) => asked.url().endsWith('/api/series') && /"from":/.test(asked.postData() ?? ''),
  );
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await finer;
  const [low, high] = await zoom();
  expect(high - low).toBeLessThan(2000);

  await page.keyboard.down('Shift');
  await page.mouse.down();
  await page.mouse.move(x - 60, y, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  const [later] = await zoom();
  expect(later).toBeGreaterThan(low);

  await page.mouse.move(x, y);
  await page.mouse.wheel(-80, 0);
  expect((await zoom())[0]).toBeLessThan(later);

  await page.mouse.dblclick(x, box.y + 12);
  await expect(page).not.toHaveURL(/zoom=/);

  await page.mouse.move(box.x + 20, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 20, box.y + 90, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/y=losses\/value_loss:/);
  await expect(one.getByText('y as set')).toBeVisible();

  await one.getByRole('button', { name: /^More of/ }).click();
  await one.getByLabel('Least y').fill('5');
  await one.getByLabel('Largest y').fill('1');
  await one.getByRole('button', { name: 'Set' }).click();
  await expect(one.getByText('Two numbers are needed')).toBeVisible();
  await one.getByLabel('Least y').fill('-1');
  await one.getByRole('button', { name: 'Set' }).click();
  await expect(page).toHaveURL(/y=losses\/value_loss:-1\.\.1/);
  await expect(one.getByText(/\d outside of the range of y/)).toBeVisible();
});

test('A-15: a chart is saved as a picture with its title and legend, and as PNG of twice its size', async ({
  page,
}) => {
  await openOdd(page);
  const one = chart(page, 'value_loss');
  const svg = (await saved(page, one, 'Picture as SVG')).toString();
  for (const text of ['>losses/value_loss<', '>odd<', '>global step<', 'EMA 0.6'])
    expect(svg).toContain(text);
  expect((svg.match(/L/g) ?? []).length).toBeGreaterThan(100);

  const png = await saved(page, one, 'Picture as PNG');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  const [, width] = /width="(\d+)"/.exec(svg)!;
  expect(png.readUInt32BE(16)).toBe(2 * Number(width));
  // A picture of one colour packs to next to nothing.
  expect(png.length).toBeGreaterThan(8000);
});

test('A-15: charts are pinned, widened, set side by side, and linked to', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openOdd(page);
  const one = chart(page, 'value_loss');
  await plot(one).hover();
  await page.keyboard.press('p');
  await expect(page).toHaveURL(/pin=losses\/value_loss/);
  await expect(page.getByRole('region', { name: 'pinned' }).locator('article')).toHaveCount(1);
  await plot(one).hover();
  await page.keyboard.press('f');
  await expect(page).toHaveURL(/wide=losses\/value_loss/);
  await expect.poll(async () => (await one.boundingBox())!.width).toBeGreaterThan(900);
  await page.getByRole('button', { name: 'Display' }).click();
  await page.getByRole('group', { name: 'Charts side by side' }).getByRole('button', { name: '2' }).click();
  await expect(page).toHaveURL(/columns=2/);
  await page.keyboard.press('Escape');
  await plot(one).hover();
  await page.keyboard.press('y');
  await expect(page.getByText('The link is on the clipboard.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain(`runs=${odd}`);
  await page.goto('about:blank');
  await page.goto(link);
  await expect(page.locator('.sought')).toHaveAttribute('data-chart', 'losses/value_loss');
});

test('A-15: the pointer shows all values sorted, the nearest line stands out; the legend isolates and switches off', async ({
  page,
}) => {
  await page.goto(`${server.url}/#/training?runs=${many.join(',')}&smooth=0`);
  const one = chart(page, 'td');
  // Forty runs are drawn as their four groups until all are asked for.
  await expect(one.getByRole('application', { name: /4 lines/ })).toBeVisible();
  await expect(one.getByText('Mean of runs, band: 95 % interval of the mean')).toBeVisible();
  const box = (await plot(one).boundingBox())!;
  await page.mouse.move(box.x + box.width - 20, box.y + 14);
  const tip = one.locator('.tip');
  await expect(tip.locator('tr')).toHaveText([/v3/, /v2/, /v1/, /v0/]);
  await expect(tip.locator('tr.front')).toHaveText(/v3/);

  await one.getByRole('button', { name: /^v1/ }).click();
  await expect(page).toHaveURL(/hide=group:v1/);
  await expect(one.getByRole('application', { name: /3 lines/ })).toBeVisible();
  await one.getByRole('button', { name: /^v1/ }).click();
  await expect(page).not.toHaveURL(/hide=/);

  await page.getByRole('button', { name: 'All 40 lines' }).click();
  await expect(one.getByRole('application', { name: /40 lines/ })).toBeVisible();
  await expect(one.getByText('no spread and no unsmoothed values beyond 24 lines')).toBeVisible();
});

test('A-15: curves come without moving anything', async ({ page }) => {
  await page.addInitScript(() => {
    const counted = window as unknown as { shifts: number };
    counted.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) counted.shifts += (entry as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(`${server.url}/#/training?runs=${many.join(',')}`);
  await expect(chart(page, 'td').getByRole('application', { name: /4 lines/ })).toBeVisible();
  await page.waitForTimeout(500);
  expect(await page.evaluate(() => (window as unknown as { shifts: number }).shifts)).toBe(0);
});

test('B-17: a known quantity says what it is, with its formula, by pointer and by keyboard', async ({
  page,
}) => {
  await openOdd(page);
  const one = chart(page, 'approx_kl');
  const hint = one.getByRole('button', { name: 'What train/approx_kl is' });
  await hint.hover();
  const tip = one.getByRole('tooltip');
  await expect(tip).toBeVisible();
  await expect(tip).toContainText('estimator k3');
  await expect(tip).toContainText('mean[(r − 1) − log r]');
  await expect(tip).toContainText('Schulman 2020');
  await page.mouse.move(0, 0);
  await expect(tip).toBeHidden();
  await hint.focus();
  await page.keyboard.press('Enter');
  await expect(tip).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(tip).toBeHidden();
  await expect(chart(page, 'spiky').getByRole('button', { name: /^What/ })).toHaveCount(0);
});
