/**
 * What a reader of Replay waits for, on an episode of 10,000 pictures: one line of JSON a round, read by `cargo xtask bench replay`.
 * Every round is a browser with nothing cached. Nothing is asserted of a time: the bars are in the xtask.
 */
import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from '../e2e/own_server';
import { TrainingLoop } from '../e2e/training_loop';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** How long it plays, at 60 steps a second. */
const PLAYED_MS = 8000;

let server: OwnServer;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  server = await OwnServer.onEmptyFolder();
  const loop = await TrainingLoop.start(server.root);
  await loop.tell('open');
  await loop.tell('steps 10000');
  await loop.tell('close');
  await loop.tell('open');
  await loop.tell('numbers 100000');
  await loop.tell('close');
  await loop.tell('finish');
  loop.kill();
});
test.afterAll(async () => {
  await server.dispose();
});

for (let round = 0; round < ROUNDS; round += 1) {
  test(`round ${round + 1}`, async ({ page }) => {
    const firstPictureMs = await firstPicture(page);
    const seeks = await seekAtRandom(page);
    const played = await play(page);
    const heapMb = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 1e6,
    );
    const longEpisodeMs = await openLongEpisode(page);
    console.log(JSON.stringify({ firstPictureMs, ...seeks, ...played, heapMb, longEpisodeMs }));
  });
}

/** From the click on the episode in the table until its first picture is on the canvas. */
async function firstPicture(page: Page): Promise<number> {
  await page.goto(`${server.url}/#/episodes?recorded=1`);
  const row = page.locator('tbody tr[data-episode="0"]');
  await expect(row).toBeVisible();
  // A reader looks at the table before choosing from it.
  await page.waitForTimeout(1500);
  return row
    .locator('a')
    .first()
    .evaluate(async (link: HTMLElement) => {
      const clicked = performance.now();
      link.click();
      return new Promise<number>((resolve) => {
        const look = () => {
          if (document.querySelector('[data-picture=shown]')) resolve(performance.now() - clicked);
          else setTimeout(look, 0);
        };
        look();
      });
    });
}

/** Forty steps all over the episode, one after the other, by the slider. */
async function seekAtRandom(page: Page): Promise<{ randomStepMs: number; slowestStepMs: number }> {
  await page.waitForTimeout(3000);
  return page.getByRole('slider', { name: 'Step', exact: true }).evaluate(async (input) => {
    const slider = input as HTMLInputElement;
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const times: number[] = [];
    for (let i = 0, step = 17; i < 40; i += 1) {
      step = (step * 7919 + 101) % 9999;
      const asked = performance.now();
      slider.value = String(step);
      slider.dispatchEvent(new Event('input', { bubbles: true }));
      slider.dispatchEvent(new Event('change', { bubbles: true }));
      while (document.querySelector<HTMLElement>('[data-picture=shown]')?.dataset.step !== String(step)) {
        if (performance.now() - asked > 20_000) throw new Error(`step ${step} was not shown within 20 s`);
        await wait(0);
      }
      times.push(performance.now() - asked);
      await wait(50);
    }
    times.sort((a, b) => a - b);
    return { randomStepMs: times[times.length >> 1], slowestStepMs: times[times.length - 1] };
  });
}

/** Plays 60 steps a second and looks at every picture of the screen. */
async function play(page: Page): Promise<{ droppedShare: number; screenHz: number }> {
  const played = await page.locator('[data-picture]').evaluate(async (stage, duration) => {
    const step = () => Number((stage as HTMLElement).dataset.step);
    const speed = document.querySelector<HTMLSelectElement>('[aria-label=Playing] select')!;
    speed.value = '2'; // of 30 a second
    speed.dispatchEvent(new Event('change', { bubbles: true }));
    const button = document.querySelector<HTMLElement>('[aria-label=Playing] .play')!;
    button.click();
    const [from, steps] = [step(), new Set<number>()];
    let ticks = 0;
    const end = performance.now() + duration;
    while (performance.now() < end) {
      await new Promise(requestAnimationFrame);
      ticks += 1;
      steps.add(step());
    }
    button.click();
    return { covered: Math.abs(step() - from), distinct: steps.size, ticks };
  }, PLAYED_MS);
  if (played.covered < 100) throw new Error(`only ${played.covered} steps were played`);
  return {
    droppedShare: Math.max(0, 1 - played.distinct / played.covered),
    screenHz: (played.ticks * 1000) / PLAYED_MS,
  };
}

/** An episode of 100,000 steps without pictures, from its link to a step far in it. */
async function openLongEpisode(page: Page): Promise<number> {
  await page.goto(`${server.url}/#/episodes?recorded=1`);
  const row = page.locator('tbody tr[data-episode="1"]');
  const href = await row.locator('a').first().getAttribute('href');
  const opened = Date.now();
  await page.goto(`${server.url}/${href}&step=99000`);
  await expect(page.locator('[data-counter=step]')).toContainText('99,000');
  await expect(page.locator('[data-counter=reward]')).toContainText('0.25');
  return Date.now() - opened;
}
