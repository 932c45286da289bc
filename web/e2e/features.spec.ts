import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { recordedEpisodes } from './demo';
import { Body, features, presets } from './features';
import { OwnServer } from './own_server';
import { breakout, overlayPixels, place } from './why';

/** Few, so that tests need not wait: what is asked of the network at each is the same. */
const STEPS = 256;
// Networks are asked at hundreds of steps, some ten times each.
test.describe.configure({ timeout: 180_000 });

const cards = (page: Page) => page.locator('[data-feature]');
const dialog = (page: Page) => page.getByRole('dialog');
const sheet = (page: Page) => dialog(page).locator('[data-sheet]');

/** All patches of the large picture are drawn. */
async function painted(page: Page): Promise<number> {
  await expect
    .poll(() => sheet(page).evaluate(({ dataset }) => dataset.ready === dataset.sheet), { timeout: 40_000 })
    .toBe(true);
  return Number(await sheet(page).getAttribute('data-sheet'));
}

test('U-9: a layer is taken apart into as many factors as asked, of activations or attributions, the same each time', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(`/#/features?run=${at.run}&steps=${STEPS}`);
  await expect(cards(page)).toHaveCount(8, { timeout: 40_000 });
  const form = page.getByRole('group', { name: 'What is taken apart' });
  const preset = await presets(request, at);
  await expect(form.getByLabel('layer')).toHaveValue(preset.layer);
  await form.getByLabel('factors').fill('3');
  await form.getByLabel('factors').press('Enter');
  await expect(page).toHaveURL(/k=3/);
  await expect(cards(page)).toHaveCount(3, { timeout: 40_000 });
  const shares = async () =>
    (await cards(page).locator('.share').allTextContents()).map(
      (text) => Number(text.replace('%', '')) / 100,
    );
  const ask = { ...preset, steps: STEPS, of: 'activations', factors: 3 };
  const { told } = await features(request, at.run, ask);
  (await shares()).forEach((share, i) => expect(share).toBeCloseTo(told.factors[i]!.share, 2));
  expect(told.factors.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 4);
  await form.getByLabel('of').selectOption('value');
  await expect(page.getByText(/attributions of value at/)).toBeVisible({ timeout: 50_000 });
  const signed = await features(request, at.run, { ...ask, of: 'value' });
  (await shares()).forEach((share, i) => expect(share).toBeCloseTo(signed.told.factors[i]!.share, 2));
  // A link has all of it.
  await page.reload();
  await expect(form.getByLabel('of')).toHaveValue('value');
  await expect(cards(page)).toHaveCount(3);
});

test('features that take long can be stopped, and begun anew', async ({ page, request }) => {
  const at = await breakout(request);
  await page.goto(`/#/features?run=${at.run}&steps=16384&of=action&k=5`);
  const progress = page.locator('[data-progress]');
  await expect(progress.getByRole('progressbar')).toBeVisible();
  await progress.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped.')).toBeVisible();
  await expect(cards(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Take it apart' }).click();
  await expect(progress).toBeVisible();
  await progress.getByRole('button', { name: 'Stop' }).click();
});

test('U-13: each feature has its strongest patches, 4 × 4, ordered by their place', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(`/#/features?run=${at.run}&steps=${STEPS}&k=4`);
  await expect(cards(page)).toHaveCount(4, { timeout: 40_000 });
  const preset = await presets(request, at);
  const { told, body } = await features(request, at.run, {
    ...preset,
    steps: STEPS,
    of: 'activations',
    factors: 4,
  });
  const [, rows, columns] = told.shape;
  for (let i = 0; i < 4; i += 1) {
    const row = body.numbers(`${i}/thumbnail_row`);
    const column = body.numbers(`${i}/thumbnail_column`);
    expect(row).toHaveLength(16);
    expect(Math.max(...row)).toBeLessThan(rows!);
    expect(Math.max(...column)).toBeLessThan(columns!);
    // The four uppermost are the first row, and so on; within a row they go from left to right.
    for (let first = 0; first < 16; first += 4) {
      const [four, next] = [row.slice(first, first + 4), row.slice(first + 4, first + 8)];
      expect(Math.max(...four)).toBeLessThanOrEqual(Math.min(...next, rows!));
      const across = column.slice(first, first + 4);
      expect(across).toEqual(across.toSorted((a, b) => a - b));
    }
    const strength = body.numbers(`${i}/thumbnail_strength`);
    const states = body.numbers(`${i}/thumbnail_episode`).map((episode, j) => {
      return `${episode} ${body.numbers(`${i}/thumbnail_step`)[j]}`;
    });
    expect(new Set(states).size).toBe(states.length);
    const thumbs = cards(page).nth(i).locator('[data-patches]');
    const shown = strength.filter((one) => one > 0).length;
    await expect(thumbs).toHaveAttribute('data-patches', String(shown));
    await expect(thumbs).toHaveAttribute('data-ready', String(shown), { timeout: 40_000 });
    // The strongest is opaque, and a place of nothing is clear.
    const alphas = await thumbs.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const side = canvas.width / 4;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const middle = (j: number) => {
        const [x, y] = [((j % 4) + 0.5) * side, (Math.floor(j / 4) + 0.5) * side];
        return data[4 * (Math.floor(y) * canvas.width + Math.floor(x)) + 3]!;
      };
      return Array.from({ length: 16 }, (_, j) => middle(j));
    });
    const most = Math.max(...strength);
    strength.forEach((one, j) => expect(alphas[j]! / 255).toBeCloseTo(one / most, 1));
  }
});

test('U-12: where a feature is strongest at every place, with the state behind each patch', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  const preset = await presets(request, at);
  const { told, body } = await features(request, at.run, {
    ...preset,
    steps: STEPS,
    of: 'activations',
    factors: 4,
  });
  await page.goto(`/#/features?run=${at.run}&steps=${STEPS}&k=4&feature=2`);
  const strength = body.numbers('1/example_strength');
  const [, rows, columns] = told.shape;
  expect(strength).toHaveLength(rows! * columns!);
  expect(await painted(page)).toBe(strength.filter((one) => one > 0).length);
  // The first patch that there is, by keys; then the one after it.
  await sheet(page).focus();
  await page.keyboard.press('ArrowRight');
  const first = strength.findIndex((one) => one > 0);
  const told1 = {
    episode: body.numbers('1/example_episode')[first]!,
    step: body.numbers('1/example_step')[first]!,
  };
  const link = dialog(page).getByRole('link', { name: /^episode/ });
  await expect(link).toHaveAttribute('href', new RegExp(`episode=${told1.episode}(&|$)`));
  if (told1.step > 0) await expect(link).toHaveAttribute('href', new RegExp(`step=${told1.step}(&|$)`));
  await page.keyboard.press('Enter');
  const whole = page.locator('[data-whole-source] [data-source]');
  await expect(whole).toHaveAttribute('data-source', 'shown');
  await expect(whole).toHaveAccessibleName(new RegExp(`step ${told1.step.toLocaleString('en')},`));
  await page.keyboard.press('Escape');
  await expect(whole).toHaveCount(0);
  await expect(dialog(page)).toBeVisible();
  await link.click();
  await expect(page).toHaveURL(/#\/replay/);
  await expect(page.locator('[data-picture]')).toHaveAttribute('data-step', String(told1.step));
});

test('features of some episodes: the field, the link, and what the server looks at', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(`/#/features?run=${at.run}&steps=64&k=2`);
  const field = page.getByLabel(/^Episodes whose steps are looked at/);
  await field.fill(String(at.episode));
  const asked = page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/features'));
  await field.press('Enter');
  expect((await asked).postDataJSON()).toMatchObject({ episodes: [at.episode] });
  await expect(page).toHaveURL(new RegExp(`episodes=${at.episode}`));
  await expect(page.locator('.summary')).toContainText('from the activations at 64 steps', {
    timeout: 60_000,
  });
  await field.fill('5-2');
  await field.press('Enter');
  await expect(page).toHaveURL(new RegExp(`episodes=${at.episode}`));
});

test('U-18: the legend isolates by hover and focus, a click opens; zoom, patches, wheel, holding and keys', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(
    `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&features=${encodeURIComponent(`steps=${STEPS}&k=4`)}`,
  );
  await expect(place(page)).toHaveAttribute('data-features-step', '530', { timeout: 50_000 });
  const legend = page.getByRole('list', { name: 'Features' });
  const factor = (which: number | string) => legend.locator(`[data-factor="${which}"]`);
  await expect(legend.getByRole('button')).toHaveCount(5);
  // The sums beside the names are those of the server.
  const preset = await presets(request, at);
  const { told } = await features(request, at.run, {
    ...preset,
    steps: STEPS,
    of: 'activations',
    factors: 4,
  });
  const answer = await request.get(
    `/api/runs/${at.run}/features/${told.features}/maps?episode=${at.episode}&from=530&to=531&of=activations`,
  );
  const maps = new Body(await answer.body());
  const totals = maps.numbers('totals');
  const strongest = totals.indexOf(Math.max(...totals));
  const shown = Number((await factor(strongest).locator('.total').textContent())!.replace('−', '-'));
  expect(shown / totals[strongest]!).toBeCloseTo(1, 1);

  /** Which colours there are over the picture, as hues of what is at all strong. */
  const colours = async () => {
    const { data } = await overlayPixels(page);
    const found = new Set<string>();
    for (let i = 0; i < data.length; i += 4) if (data[i + 3]! > 8) found.add(data.slice(i, i + 3).join());
    return [...found];
  };
  const own = told.factors[strongest]!.colour.slice(1)
    .match(/../g)!
    .map((part) => parseInt(part, 16));
  const isAlone = async () => (await colours()).every((colour) => colour === own.join());
  expect(await isAlone()).toBe(false);
  await factor(strongest).hover();
  await expect.poll(isAlone).toBe(true);
  await page.mouse.move(5, 5);
  await expect.poll(isAlone).toBe(false);
  await factor(strongest).focus();
  await expect.poll(isAlone).toBe(true);
  await page.keyboard.press('Enter');
  await expect(dialog(page)).toBeVisible();
  await painted(page);

  const image = () =>
    sheet(page)
      .locator('canvas')
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const before = await image();
  const zoom = dialog(page).getByRole('slider', { name: 'zoom' });
  await zoom.focus();
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/expand=2/);
  await expect.poll(image).not.toBe(before);
  await sheet(page).hover();
  await page.mouse.wheel(0, 100);
  await expect(page).not.toHaveURL(/expand=/);
  await expect.poll(image).not.toBe('');
  await page.mouse.move(5, 5);
  const patches = dialog(page).getByRole('slider', { name: 'patches' });
  const all = Number(await sheet(page).getAttribute('data-sheet'));
  await patches.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(page).toHaveURL(/block=2/);
  expect(Number(await sheet(page).getAttribute('data-sheet'))).toBeLessThan(all);
  // Pressing and holding shows the source for as long as it is held.
  const box = (await sheet(page).boundingBox())!;
  const whole = page.locator('[data-whole-source]');
  await page.mouse.move(box.x + box.width * 0.45, box.y + box.height * 0.45);
  await page.mouse.down();
  await expect(whole).toBeVisible();
  await page.mouse.up();
  await expect(whole).toHaveCount(0);
  // On to the next feature, and out.
  const heading = dialog(page).getByRole('heading', { level: 2 });
  const name = await heading.textContent();
  await page.keyboard.press('PageDown');
  await expect(heading).not.toHaveText(name!);
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
});

test('U-17: features of several outputs in rows; overlay, signs together or apart, and what no feature holds', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  const what = encodeURIComponent(`steps=${STEPS}&k=4`);
  await page.goto(
    `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&features=${what}&outputs=value`,
  );
  await expect(place(page)).toHaveAttribute('data-features-step', '530', { timeout: 50_000 });
  const panel = page.getByRole('region', { name: 'Features over the observation' });
  const rows = panel.locator('[data-output]');
  await expect(rows).toHaveCount(1);
  await panel.getByRole('button', { name: '+ another output' }).click();
  await expect(rows).toHaveCount(2);
  await expect(page).toHaveURL(/outputs=value%3Baction/);
  await rows
    .nth(1)
    .getByRole('button', { name: /target:/ })
    .click();
  await rows
    .nth(1)
    .getByRole('radio', { name: /^RIGHT/ })
    .check();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/outputs=value%3B2/);
  const tiles = (row: number) => rows.nth(row).getByRole('img', { name: /^Features of/ });
  await expect(tiles(1)).toHaveCount(1, { timeout: 40_000 });
  await panel.getByLabel('for and against in one').uncheck();
  await expect(tiles(0)).toHaveCount(2);
  await expect(tiles(1)).toHaveCount(2);
  await panel.getByLabel('for and against in one').check();
  const paint = () =>
    tiles(0)
      .locator('canvas')
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const over = await paint();
  await panel.getByLabel('over the observation').uncheck();
  await expect.poll(paint).not.toBe(over);
  // What no feature holds is grey, and there only when asked for.
  const pixels = async () => (await overlayPixels(page)).data;
  const isGrey = (data: number[], i: number) =>
    data[i] === data[i + 1] && data[i] === data[i + 2] && data[i + 3]! > 0;
  const without = await pixels();
  await panel.getByLabel('residual', { exact: true }).check();
  await expect(page).toHaveURL(/residual=1/);
  await expect.poll(async () => (await pixels()).join() === without.join()).toBe(false);
  await panel.locator('[data-factor="residual"]').hover();
  await expect
    .poll(async () => {
      const data = await pixels();
      return data.every((_, i) => i % 4 > 0 || data[i + 3] === 0 || isGrey(data, i));
    })
    .toBe(true);
  await page.mouse.move(5, 5);
  // One side of the signs alone.
  const both = await pixels();
  await panel.getByLabel('Signs').selectOption('negative');
  await expect.poll(async () => (await pixels()).join() === both.join()).toBe(false);
  await page.reload();
  await expect(rows).toHaveCount(2);
  await expect(panel.getByLabel('Signs')).toHaveValue('negative');
  await rows.nth(1).getByRole('button', { name: 'Remove row 2' }).click();
  await expect(rows).toHaveCount(1);
});

test('features over the observation follow the playhead, and their sums over the steps lead to a step', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  const what = encodeURIComponent(`steps=${STEPS}&k=4`);
  await page.goto(
    `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&features=${what}&sums=1`,
  );
  await expect(place(page)).toHaveAttribute('data-features-step', '530', { timeout: 50_000 });
  const requests: string[] = [];
  page.on('request', (one) => one.url().includes('/maps?') && requests.push(one.url()));
  await page.keyboard.press('ArrowRight');
  await expect(place(page)).toHaveAttribute('data-features-step', '531');
  for (const url of requests) {
    const query = new URL(url).searchParams;
    expect(Number(query.get('to')) - Number(query.get('from'))).toBeLessThanOrEqual(64);
  }
  const tracks = page.locator('[data-track="features"]');
  await expect(tracks.getByRole('img')).toHaveCount(4);
  await expect
    .poll(async () => Number(await tracks.getAttribute('data-known')), { timeout: 40_000 })
    .toBeGreaterThan(64);
  await tracks.getByRole('img').first().click();
  await expect(page).not.toHaveURL(/step=53[01](&|$)/);
  await tracks.hover();
  await tracks.getByRole('button', { name: 'Remove the curves of features' }).click();
  await expect(tracks).toHaveCount(0);
  await page.keyboard.press('Shift+F');
  await expect(page).not.toHaveURL(/features=/);
});

test('a layer without rows and columns has its strongest states, which lead to Replay', async ({
  page,
  request,
}) => {
  const [lander] = await recordedEpisodes(request, 'lunarlander-ppo', 1);
  await page.goto(`/#/features?run=${lander!.run}&steps=${STEPS}&k=3`);
  await expect(cards(page)).toHaveCount(3, { timeout: 40_000 });
  const state = cards(page).first().locator('[data-state]').first();
  await expect(state).toContainText('strength');
  await cards(page)
    .first()
    .getByRole('button', { name: /^All of/ })
    .click();
  await expect(dialog(page).locator('[data-state]')).toHaveCount(16);
  await page.keyboard.press('Escape');
  await state.click();
  await expect(page).toHaveURL(/#\/replay\?.*episode=/);
});

for (const look of ['light', 'dark'] as const) {
  test(`features have no accessibility fault that axe finds, ${look}`, async ({ page, request }) => {
    await page.emulateMedia({ colorScheme: look });
    const at = await breakout(request);
    await page.goto(`/#/features?run=${at.run}&steps=${STEPS}&k=4`);
    await expect(cards(page)).toHaveCount(4, { timeout: 40_000 });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await cards(page).first().getByRole('button', { name: /^Open/ }).click();
    await painted(page);
    await sheet(page).focus();
    await page.keyboard.press('ArrowRight');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    const what = encodeURIComponent(`steps=${STEPS}&k=4`);
    await page.goto(
      `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&features=${what}&outputs=value&sums=1`,
    );
    await expect(place(page)).toHaveAttribute('data-features-step', '530', { timeout: 50_000 });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });
}

test.describe('with a server of its own', () => {
  let server: OwnServer;
  test.beforeEach(async () => {
    server = await OwnServer.onEmptyFolder();
  });
  test.afterEach(async () => {
    await server.dispose();
  });

  test('U-25: a feature has a name, a colour and a note, which are kept and can be taken back', async ({
    page,
    request,
  }) => {
    const [pong] = await recordedEpisodes(request, 'pong-a3c', 1);
    const folder = join('demo', pong!.run);
    await cp(join(process.env.ETHOGRAM_DEMO_RUNS!, folder), join(server.root, folder), { recursive: true });
    const id = await server.idOf('pong-a3c');
    await page.goto(`${server.url}/#/features?run=${id}&steps=${STEPS}&k=3`);
    await expect(cards(page)).toHaveCount(3, { timeout: 40_000 });
    await cards(page).nth(1).getByRole('button', { name: 'feature 1', exact: true }).click();
    await page.getByRole('textbox', { name: 'Name of feature 1' }).fill('the ball');
    await page.keyboard.press('Enter');
    await expect(cards(page).nth(1)).toContainText('the ball');
    await cards(page).nth(1).getByRole('button', { name: 'Open the ball' }).click();
    await dialog(page).getByLabel('Note').fill('wherever it flies');
    await dialog(page).getByLabel('Colour').fill('#0055aa');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await expect(dialog(page).getByText('Feature labelled.')).toBeVisible();
    const notes = async () => {
      const answer = await request.get(`${server.url}/api/runs/${id}/notes`);
      return ((await answer.json()) as { features?: unknown[] }).features ?? [];
    };
    expect(await notes()).toMatchObject([
      {
        of: 'activations',
        factors: 3,
        index: 1,
        name: 'the ball',
        colour: '#0055aa',
        note: 'wherever it flies',
      },
    ]);
    await page.reload();
    await expect(dialog(page).getByRole('heading', { level: 2 })).toHaveText('the ball');
    await expect(dialog(page).getByLabel('Note')).toHaveValue('wherever it flies');
    await page.keyboard.press('Escape');
    await expect(cards(page).nth(1)).toContainText('wherever it flies');
    await expect(cards(page).nth(1).locator('.swatch')).toHaveCSS('background-color', 'rgb(0, 85, 170)');
    // Another number of factors has other features: the name is not theirs.
    await cards(page).nth(0).getByRole('button', { name: 'feature 0', exact: true }).click();
    await page.getByRole('textbox', { name: 'Name of feature 0' }).fill('paddle');
    await page.keyboard.press('Enter');
    await expect(cards(page).nth(0)).toContainText('paddle');
    await page.keyboard.press('Control+z');
    await expect(cards(page).nth(0)).toContainText('feature 0');
    expect(await notes()).toHaveLength(1);
  });

  test('features of runs without networks, or without recorded episodes, say what to log', async ({
    page,
  }) => {
    await server.log('log_pictures.py');
    const id = await server.idOf('grey');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${server.url}/#/features?run=${id}`);
    await expect(page.getByRole('heading', { name: 'This run keeps no network' })).toBeVisible();
    await expect(page.getByText('run.checkpoint("policy.onnx"')).toBeVisible();
    expect(asked.filter((url) => url.includes('/explanations'))).toEqual([]);
    await page.goto(`${server.url}/#/features?run=nowhere`);
    await expect(page.getByRole('heading', { name: 'There is no such run' })).toBeVisible();
  });
});

test('U-22: what the policy would say without a feature: how far it moves, where it decides otherwise, and the way there', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await page.goto(`/#/features?run=${at.run}&steps=${STEPS}&k=4`);
  await expect(cards(page)).toHaveCount(4, { timeout: 40_000 });
  const panel = page.getByRole('region', { name: 'Without a feature' });
  await expect(panel).toContainText('Choose a feature to take away');
  await panel.getByRole('combobox', { name: 'Episode that is asked about' }).selectOption(String(at.episode));
  const chips = panel.getByRole('group', { name: 'Features that are taken away' }).getByRole('button');
  await expect(chips).toHaveCount(4);
  await chips.nth(1).click();
  await chips.nth(3).click();
  await expect(page).toHaveURL(/without=f1(,|%2C)f3/);
  const told = panel.getByRole('status');
  await expect(told).toHaveAttribute('data-busy', 'false', { timeout: 120_000 });

  // The same as the server says of the step that changes most.
  const preset = await presets(request, at);
  const ask = { ...preset, steps: STEPS, of: 'activations', factors: 4 };
  const { features: id } = (await features(request, at.run, ask)).told;
  const first = Number(await panel.locator('[data-changed]').first().getAttribute('data-changed'));
  const question = { episode: at.episode, from: first, to: first + 1, factors: [1, 3] };
  const answer = await request.post(`/api/runs/${at.run}/features/${id}/without`, {
    data: { ...question, checkpoint: preset.checkpoint },
  });
  const body = new Body(await answer.body());
  const row = panel.locator(`[data-changed="${first}"]`);
  const value = (of: string) => String(Number(body.numbers(`${of}/value`)[0]!.toPrecision(4)));
  const shown = (await row.textContent())!.replaceAll('−', '-');
  expect(shown).toContain(`${value('before')} → ${value('after')}`);
  expect(shown).toContain(String(Number(body.numbers('kl')[0]!.toPrecision(3))));
  expect(body.numbers('before/greedy')[0] !== body.numbers('after/greedy')[0]).toBe(
    await row.evaluate((one) => one.classList.contains('flips')),
  );
  const flips = Number(await told.getAttribute('data-flips'));
  expect(await panel.locator('[data-changed].flips').count()).toBe(Math.min(12, flips));
  await expect(panel.getByRole('img', { name: /^Value before and without/ })).toBeVisible();
  await row.getByRole('link').click();
  await expect(page).toHaveURL(new RegExp(`#/replay\\?.*episode=${at.episode}`));
  await page.goBack();
  await expect(panel.getByRole('status')).toHaveAttribute('data-flips', String(flips), { timeout: 120_000 });
});

test('Replay: of why and features one lies over the picture, the one that was switched on last, and a switch changes it', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  const text = encodeURIComponent(`steps=${STEPS}&k=4`);
  await page.goto(
    `/#/replay?run=${at.run}&episode=${at.episode}&step=530&image=observation&features=${text}`,
  );
  const stage = page.locator('[data-picture]').first();
  await expect(stage).toHaveAttribute('data-features-step', '530', { timeout: 90_000 });
  const choice = page.getByRole('group', { name: 'What lies over the picture' });
  await expect(choice).toHaveCount(0);
  await page.keyboard.press('s');
  await expect(stage).toHaveAttribute('data-overlay-step', '530', { timeout: 60_000 });
  await expect(stage).not.toHaveAttribute('data-features-step', /.*/);
  await choice.getByRole('button', { name: 'Features' }).click();
  await expect(page).toHaveURL(/over=features/);
  await expect(stage).toHaveAttribute('data-features-step', '530');
  await expect(stage).not.toHaveAttribute('data-overlay-step', /.*/);
  await expect(stage.locator('canvas')).toHaveCount(2);
});
