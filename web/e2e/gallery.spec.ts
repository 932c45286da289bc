import AxeBuilder from '@axe-core/playwright';

import { expect, test, type Locator, type Page } from '@playwright/test';

import { recordedEpisodes } from './demo';
import { OwnServer } from './own_server';

// A dozen episodes are decoded in most of these.
test.describe.configure({ timeout: 180_000 });

const tiles = (page: Page) => page.locator('[data-tile]');
const screens = (page: Page) => page.locator('[data-tile] [data-picture]');
const slider = (page: Page) => page.getByRole('slider', { name: /of all episodes/ });

/** A number that tells one picture from another. */
function hashOf(screen: Locator): Promise<number> {
  return screen.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let hash = 0x811c9dc5;
    for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193);
    return hash >>> 0;
  });
}

/** Stops the clock, so that pictures can be waited for. */
async function pauseAt(page: Page, step: number): Promise<void> {
  await expect(slider(page)).toBeVisible();
  const pause = page.getByRole('button', { name: 'Pause', exact: true });
  if (await pause.isVisible()) await pause.click();
  await slider(page).fill(String(step));
}

test('Gallery: recordings stand in columns of training progress and play on one clock', async ({
  page,
  request,
}) => {
  const episodes = await recordedEpisodes(request, 'cartpole-dqn', 99);
  await page.goto(`/#/gallery?runs=${episodes[0].run}&pick=all&size=108`);
  await expect(tiles(page)).toHaveCount(episodes.length);
  // Stages of training from left to right.
  const heads = await page.getByRole('columnheader').allTextContents();
  expect(heads[0].trim()).toBe('Global step');
  expect(heads.length).toBeGreaterThan(4);
  await pauseAt(page, 8);
  for (const screen of await screens(page).all()) await expect(screen).toHaveAttribute('data-step', '8');
  const before = await hashOf(screens(page).first());
  await page.keyboard.press('ArrowRight');
  for (const screen of await screens(page).all()) await expect(screen).toHaveAttribute('data-step', '9');
  await expect(async () => expect(await hashOf(screens(page).first())).not.toBe(before)).toPass();

  // Together: what is shorter waits at its end, and all restart at once.
  const longest = Math.max(...episodes.map(({ steps }) => steps)) - 1;
  await expect(slider(page)).toHaveAttribute('max', String(longest));
  await slider(page).fill(String(longest));
  for (const { run, episode, steps } of episodes.slice(0, 4)) {
    await expect(page.locator(`[data-tile="${run}:${episode}"] [data-picture]`)).toHaveAttribute(
      'data-step',
      String(steps - 1),
    );
  }
  await page.getByRole('button', { name: 'Restart' }).click();
  await expect(slider(page)).toHaveValue('0');
  // Space would press the button that has the focus.
  await page.keyboard.press('k');
  await expect.poll(async () => Number(await slider(page).inputValue())).toBeGreaterThan(5);
});

test('Gallery: by share of the episode all are at the same part of their length', async ({
  page,
  request,
}) => {
  const episodes = await recordedEpisodes(request, 'cartpole-dqn', 99);
  await page.goto(`/#/gallery?runs=${episodes[0].run}&pick=all&size=108`);
  await expect(tiles(page)).toHaveCount(episodes.length);
  await page.getByRole('button', { name: 'by share of the episode' }).click();
  await expect(page).toHaveURL(/lock=share/);
  const longest = Math.max(...episodes.map(({ steps }) => steps)) - 1;
  await pauseAt(page, longest / 2);
  for (const { run, episode, length } of episodes.slice(0, 6)) {
    const shown = page.locator(`[data-tile="${run}:${episode}"] [data-picture]`);
    await expect(shown).toHaveAttribute('data-step', String(Math.round(length / 2)));
  }
});

test('Gallery: best, worst and every n-th by return, and the address keeps them', async ({
  page,
  request,
}) => {
  const episodes = await recordedEpisodes(request, 'cartpole-dqn', 99);
  await page.goto(`/#/gallery?runs=${episodes[0].run}&size=480`);
  const one = (pick: string) => page.getByLabel('Of each stretch').selectOption({ label: pick });
  const shown = async () => {
    const texts = await page.locator('[data-tile] b').allTextContents();
    return texts.map((text) => Number(text.replace('−', '-')));
  };
  await expect(tiles(page)).toHaveCount(2);
  await one('Best return');
  await expect(page).toHaveURL(/pick=best/);
  const best = await shown();
  await one('Worst return');
  await expect(page).toHaveURL(/pick=worst/);
  await expect(async () => expect(await shown()).not.toEqual(best)).toPass();
  const worst = await shown();
  best.forEach((value, i) => expect(value).toBeGreaterThanOrEqual(worst[i]));
  await page.reload();
  await expect(async () => expect(await shown()).toEqual(worst)).toPass();

  await one('All');
  await page.getByRole('spinbutton', { name: /n-th/ }).fill('3');
  await page.keyboard.press('Enter');
  await expect(tiles(page)).toHaveCount(Math.ceil(episodes.length / 3));
  await page.getByRole('button', { name: 'training', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'No recording passes these filters' })).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(tiles(page)).toHaveCount(2);
});

test('Gallery: a click opens Replay at the step that is shown; hover shows it larger with its numbers', async ({
  page,
  request,
}) => {
  const episodes = await recordedEpisodes(request, 'breakout', 4);
  const { run, episode } = episodes[0];
  await page.goto(`/#/gallery?runs=${run}&layout=newest`);
  await pauseAt(page, 40);
  const tile = page.locator(`[data-tile="${run}:${episode}"]`);
  await expect(tile.locator('[data-picture]')).toHaveAttribute('data-step', '40');
  await tile.hover();
  const larger = page.getByRole('complementary', { name: /larger/ });
  await expect(larger).toBeVisible();
  await expect(larger.locator('[data-picture]')).toHaveAttribute('data-step', '40');
  await expect(larger).toContainText('return so far');
  await expect(larger).toContainText(/action\s*(NOOP|FIRE|RIGHT|LEFT)/);
  await page.keyboard.press('Escape');
  await expect(larger).toBeHidden();
  await tile.getByRole('link').click();
  for (const part of [/#\/replay\?/, `run=${run}`, `episode=${episode}`, 'step=40'])
    await expect(page).toHaveURL(new RegExp(part));
});

test('Gallery: two episodes are picked and compared', async ({ page, request }) => {
  const [{ run }] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(`/#/gallery?runs=${run}&layout=newest`);
  await expect(tiles(page)).toHaveCount(2);
  for (const tile of await tiles(page).all()) await tile.getByRole('checkbox').check();
  await page.getByRole('link', { name: 'Compare 2 episodes' }).click();
  await expect(page).toHaveURL(/#\/compare\?.*of=/);
  await expect(page.locator('[data-member]')).toHaveCount(2);
});

for (const theme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`Gallery and Compare: accessible at ${width} px, ${theme}`, async ({ page, request }) => {
      const [{ run, episode }, other] = await recordedEpisodes(request, 'cartpole-dqn', 2);
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      for (const [path, ready] of [
        [`/#/gallery?runs=${run}`, '[data-tile]'],
        [`/#/gallery?runs=${run}&layout=newest&compare=${run}:${episode}`, '[data-tile]'],
        [`/#/compare?of=${run}:${episode},${other.run}:${other.episode}&by=event`, '[data-track]'],
        [`/#/compare?of=${run}:${episode}`, '[data-thumbnail]'],
      ]) {
        await page.goto(path);
        await expect(page.locator(ready).first()).toBeVisible();
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0].html}`)).toEqual([]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow, `${path} is wider than the window`).toBeLessThanOrEqual(0);
        // Reduced motion: nothing plays by itself.
        await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
      }
    });
  }
}

test.describe('with runs of its own', () => {
  let server: OwnServer;
  test.beforeAll(async () => {
    server = await OwnServer.onEmptyFolder();
    await server.log('log_odd_runs.py');
  });
  test.afterAll(() => server.dispose());

  test('Gallery: names are text, one-step episodes and runs without pictures are shown, thirty play at once', async ({
    page,
  }) => {
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    await page.goto(`${server.url}/#/gallery?layout=newest&size=132`);
    await expect(page.locator('[data-tile]').first()).toBeVisible();
    await expect(page.getByText('🐍 <b>bold</b><img src=x onerror=alert(1)>').first()).toBeVisible();
    await expect(page.getByText('One more shown run has no recorded or filmed episode.')).toBeVisible();
    // One step: the slider of a clock still stands for the longest.
    const steps = page.locator('[data-tile]', { hasText: '1 steps' }).first();
    await expect(steps.locator('[data-picture]')).toHaveAttribute('data-picture', 'shown');
    // Numbers in the place of pictures.
    await expect(
      page.locator('[data-tile]', { hasText: 'plain' }).first().locator('canvas').first(),
    ).toBeVisible();

    const many = await server.idOf('thirty');
    await page.goto(`${server.url}/#/gallery?runs=${many}&layout=newest&size=132`);
    await expect(page.locator('[data-tile]')).toHaveCount(30);
    for (const screen of await page.locator('[data-tile] [data-picture]').all()) {
      await expect(screen).toHaveAttribute('data-step', /\d/);
    }
    expect(complaints).toEqual([]);
  });

  test('Gallery: a run without recordings says how to record', async ({ page }) => {
    const none = await server.idOf('none');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${server.url}/#/gallery?runs=${none}`);
    await expect(
      page.getByRole('heading', { name: 'No episode of these runs was recorded or filmed' }),
    ).toBeVisible();
    await expect(page.getByText('eg.record(')).toBeVisible();
    // The table of runs says so already.
    expect(asked.filter((path) => path.includes(none))).toEqual([]);
  });

  test('Runs: marks say what was recorded, columns count it, and a query finds it', async ({ page }) => {
    await page.goto(`${server.url}/#/runs?cols=count.recorded`);
    const rows = page.locator('tr[data-run]');
    const row = (name: string) => rows.filter({ has: page.getByRole('link', { name, exact: true }) });
    await expect(row('thirty').locator('.holds')).toContainText('30 recorded episodes');
    await expect(row('none').locator('.holds')).not.toContainText('recorded');
    await expect(row('thirty').locator('.extra')).toHaveText('30');
    await page.getByRole('button', { name: 'Recorded episodes' }).click();
    await expect(rows.last().getByRole('link').first()).toBeVisible();
    const all = await rows.count();
    await page.goto(`${server.url}/#/runs?q=${encodeURIComponent('has:recording recorded>=30')}`);
    await expect(rows).toHaveCount(1);
    await expect(row('thirty')).toBeVisible();
    await page.goto(`${server.url}/#/runs?q=-has:recording`);
    await expect(row('none')).toBeVisible();
    await expect(row('thirty')).toHaveCount(0);
    expect(await rows.count()).toBeLessThan(all);
  });

  test('Compare: one-step episodes and odd names stand side by side; what is not there is told', async ({
    page,
  }) => {
    const all = await server.runs();
    const odd = all.find(({ name }) => name.includes('🐍'))!;
    const plain = all.find(({ name }) => name === 'plain')!;
    await page.goto(`${server.url}/#/compare?of=${odd.id}:0,${plain.id}:0,${plain.id}:999`);
    await expect(page.locator('[data-member]')).toHaveCount(3);
    await expect(page.locator('[data-member]').first()).toContainText('🐍 <b>bold</b>');
    await expect(page.locator('[data-member]').last().getByRole('alert')).toBeVisible();
    await expect(page.getByRole('slider', { name: 'Step of all episodes' })).toBeVisible();
  });
});
