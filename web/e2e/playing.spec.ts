import { expect, test, type Page } from '@playwright/test';

import { link, recordedEpisodes } from './demo';
import { hashOfCanvas, shown, shownStep, stage, stepsWhile } from './stage';

const fps = (page: Page) => page.getByRole('spinbutton', { name: 'Steps a second' });
const pressed = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name }).getAttribute('aria-pressed');

async function setFps(page: Page, to: string) {
  await fps(page).fill(to);
  await fps(page).press('Enter');
}

// The half of A-5 that overlays saliency waits for what computes it.
test('A-5: frame and observation are exchanged at the same step, FPS 1 to 120, loop, autoplay', async ({
  page,
  request,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(link(episode, '&step=50'));
  await shown(page, 50);
  const frame = await hashOfCanvas(page);
  await page.keyboard.press('o');
  await expect(page).toHaveURL(/image=observation/);
  await expect(async () => expect(await hashOfCanvas(page)).not.toBe(frame)).toPass();
  await shown(page, 50);
  await page.keyboard.press('o');
  await shown(page, 50);
  await expect(async () => expect(await hashOfCanvas(page)).toBe(frame)).toPass();

  for (const [typed, kept] of [
    ['1', '1'],
    ['120', '120'],
    ['500', '120'],
    ['0', '1'],
  ]) {
    await setFps(page, typed);
    await expect(fps(page)).toHaveValue(kept);
    await expect(page).toHaveURL(new RegExp(`fps=${kept}(&|$)`));
  }
  await page.getByRole('button', { name: 'Loop', exact: true }).click();
  await expect(page).toHaveURL(/loop=all/);

  await page.getByRole('button', { name: 'autoplay' }).click();
  await expect(page).toHaveURL(/autoplay=1/);
  await page.goto(link(episode, '&step=10&autoplay=1'));
  await page.reload();
  await expect.poll(() => shownStep(page)).toBeGreaterThan(10);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.reload();
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown');
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
});

test('U-20: it plays backwards, at the steps a second that were typed', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(link(episode, '&step=200'));
  await shown(page, 200);
  await setFps(page, '10');
  const steps = await stepsWhile(page, async () => {
    await page.keyboard.press('Shift+Space');
    await expect.poll(() => shownStep(page)).toBeLessThan(195);
    await page.keyboard.press('Space');
  });
  expect(steps, 'every step once, downwards').toEqual(steps.toSorted((a, b) => b - a));
  expect(await pressed(page, 'Play backwards')).toBe('true');
  await page.keyboard.press('r');
  await expect(page).not.toHaveURL(/reverse/);
  const turned = await shownStep(page);
  await page.keyboard.press('Space');
  await expect.poll(() => shownStep(page)).toBeGreaterThan(turned);
});

test('U-19: what was set up opens the same from its address in a fresh browser', async ({
  page,
  browser,
  request,
  baseURL,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(link(episode, '&step=300'));
  await shown(page, 300);
  await setFps(page, '24');
  await page.getByLabel('Speed').selectOption('0.5');
  await page.keyboard.press('r');
  await page.keyboard.press('o');
  await page.getByLabel('Size of the picture').selectOption('3');
  await page.getByLabel('Add a curve').selectOption('lives');
  await page.getByRole('button', { name: 'Remove advantage' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Move lives/ }).focus();
  await page.keyboard.press('ArrowUp');
  await page.getByRole('button', { name: 'Trend of value' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('trend: mean of').selectOption('200');
  // A part of the episode, marked by the pointer.
  const chart = (await page.locator('[data-track=value] .chart').boundingBox())!;
  await page.keyboard.down('Shift');
  await page.mouse.move(chart.x + chart.width * 0.25, chart.y + 10);
  await page.mouse.down();
  await page.mouse.move(chart.x + chart.width * 0.5, chart.y + 10, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await page.mouse.move(5, 5);
  await expect(page).toHaveURL(/loop=6\d\d-12\d\d/);
  await page.waitForTimeout(1200); // the address follows within a second

  const state = async (of: Page) => ({
    step: await shownStep(of),
    fps: await fps(of).inputValue(),
    speed: await of.getByLabel('Speed').inputValue(),
    backwards: await pressed(of, 'Play backwards'),
    loop: await of.getByRole('button', { name: /^Loop/ }).getAttribute('aria-label'),
    picture: await of.getByRole('group', { name: 'Picture' }).locator('[aria-pressed=true]').innerText(),
    size: await of.getByLabel('Size of the picture').inputValue(),
    tracks: await of
      .locator('[data-track]')
      .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.track)),
    trends: await of.locator('[data-trend]').allInnerTexts(),
    window: await of.getByLabel('trend: mean of').inputValue(),
    canvas: await hashOfCanvas(of),
  });
  const left = await state(page);
  expect(left.tracks).toEqual(['reward', 'value', 'lives', 'td_error']);
  expect(left.trends).toHaveLength(2);
  const context = await browser.newContext({ baseURL, viewport: { width: 1440, height: 900 } });
  const fresh = await context.newPage();
  await fresh.goto(page.url());
  await shown(fresh, left.step);
  await expect(fresh.locator('[data-trend]')).toHaveCount(2);
  expect(await state(fresh)).toEqual(left);
  await context.close();
});

test('U-19: the keys are listed by group', async ({ page, request }) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(link(episode));
  await shown(page, 0);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  for (const group of ['Replay: playing', 'Replay: going to', 'Replay: picture', 'Go to', 'Everywhere']) {
    await expect(dialog.getByRole('heading', { name: group })).toBeVisible();
  }
  for (const act of ['Play backwards or pause', 'Next reward', 'Next picture, at the same step', 'Loop']) {
    await expect(dialog.getByText(act, { exact: true })).toBeVisible();
  }
});
