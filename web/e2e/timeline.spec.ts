import { expect, test, type APIRequestContext, type Page } from '@playwright/test';

import { link, recordedEpisodes, type Recorded } from './demo';
import { shown, shownStep, stage } from './stage';

const track = (page: Page, name: string) => page.locator(`[data-track=${name}]`);

/** The values of one field over all steps, as the server says them; NaN where nothing was logged. */
async function column(request: APIRequestContext, { run, episode }: Recorded, name: string, params = '') {
  const answer = await request.get(`/api/runs/${run}/episodes/${episode}/fields?names=${name}${params}`);
  const bytes = await answer.body();
  const length = bytes.readUInt32LE(4);
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as {
    columns: { dtype: string; offset: number; bytes: number; valid?: { offset: number } }[];
  };
  const [{ dtype, offset, bytes: size, valid }] = header.columns;
  const wide = dtype === 'float64' ? 8 : 4;
  return Array.from({ length: size / wide }, (_, i) => {
    if (valid && bytes[8 + length + valid.offset + i] === 0) return NaN;
    const at = 8 + length + offset + i * wide;
    return wide === 8 ? bytes.readDoubleLE(at) : bytes.readFloatLE(at);
  });
}

/** How many pixels of a chart's canvas have about the colour of a token. */
function pixelsOf(page: Page, name: string, token: string): Promise<number> {
  return track(page, name)
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement, wanted) => {
      const probe = document.createElement('canvas').getContext('2d')!;
      probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(wanted).trim();
      probe.fillRect(0, 0, 1, 1);
      const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        const near = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24;
        if (near && data[i + 3] > 200) count += 1;
      }
      return count;
    }, token);
}

/** Where a chart's cursor lies, as a share of its width. */
function cursor(page: Page, name: string): Promise<number> {
  return track(page, name)
    .locator('.chart')
    .evaluate((chart: HTMLElement) => {
      // The playhead is the last of the overlays.
      const line = [...chart.querySelectorAll<HTMLElement>(':scope > div')].at(-1)!;
      return new DOMMatrix(getComputedStyle(line).transform).e / chart.clientWidth;
    });
}

const number = (text: string | null) => Number((text ?? '').replace('−', '-'));

test('D-10: the reward of each step is a bar with a moving cursor and a trend, and any other number a curve', async ({
  page,
  request,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  const rewards = await column(request, episode, 'reward');
  const window = 100;
  const smooth = await column(
    request,
    episode,
    'smooth',
    `&smooth.field=reward&smooth.method=rolling&smooth.window=${window}`,
  );
  const step = rewards.findIndex((reward, at) => at > 200 && reward > 0);
  await page.goto(link(episode, `&step=${step}&window=${window}`));
  await shown(page, step);
  await expect(track(page, 'reward').locator('[data-trend]')).toBeVisible();
  expect(number(await track(page, 'reward').locator('[data-value]').textContent())).toBe(rewards[step]);
  expect(number(await track(page, 'reward').locator('[data-trend]').textContent())).toBeCloseTo(
    smooth[step],
    3,
  );
  await expect(track(page, 'reward').getByText(/^mean of 100 steps, 0 to /)).toBeVisible();
  expect(await pixelsOf(page, 'reward', '--accent'), 'bars').toBeGreaterThan(200);
  expect(await pixelsOf(page, 'reward', '--signal'), 'trend').toBeGreaterThan(500);

  // The cursor goes with the picture, on every curve.
  const share = (at: number) => at / (episode.steps - 1);
  expect(await cursor(page, 'reward')).toBeCloseTo(share(step), 2);
  await page.keyboard.press('Home');
  await shown(page, 0);
  await expect.poll(() => cursor(page, 'reward')).toBeCloseTo(0, 3);
  await page.keyboard.press('End');
  await expect.poll(() => cursor(page, 'value')).toBeCloseTo(1, 3);

  // The final observation has no lives: what is shown there is missing.
  await page.keyboard.press('Home');
  await page.getByLabel('Add a curve').selectOption('lives');
  await expect(track(page, 'lives').locator('[data-value]')).toHaveText(/^\d$/);
  await page.getByLabel('Add a curve').selectOption('episode_return');
  await expect.poll(() => pixelsOf(page, 'episode_return', '--accent')).toBeGreaterThan(500);
});

test('U-15: dragging on any row scrubs, and pointing prints the values there without moving the clock', async ({
  page,
  request,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  const values = await column(request, episode, 'value');
  await page.goto(link(episode, '&step=100'));
  await shown(page, 100);
  const end = episode.steps - 1;
  for (const name of ['value', 'reward']) {
    await track(page, name).evaluate((row) => row.scrollIntoView({ block: 'center' }));
    const box = (await track(page, name).locator('.chart').boundingBox())!;
    const at = (share: number) => [box.x + box.width * share, box.y + box.height / 2] as const;
    await page.mouse.move(...at(0.2));
    await page.mouse.down();
    for (const share of [0.3, 0.5, 0.8]) {
      await page.mouse.move(...at(share));
      await expect.poll(() => shownStep(page)).toBe(Math.round(end * share));
    }
    await page.mouse.up();
    await page.mouse.move(...at(0.4));
    const pointed = Math.round(end * 0.4);
    await expect(page.locator('[data-peek]')).toHaveText(`step ${pointed.toLocaleString('en')}`);
    await expect
      .poll(async () => number(await track(page, 'value').locator('[data-value]').textContent()))
      .toBeCloseTo(values[pointed], 2);
    expect(await shownStep(page), 'the clock stands').toBe(Math.round(end * 0.8));
    await page.mouse.move(5, 5);
    await expect(page.locator('[data-peek]')).toHaveCount(0);
  }
});

test('U-15: curves end where the episode does, and its end and its rewards are marked', async ({
  page,
  request,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  const rewards = await column(request, episode, 'reward');
  expect(episode.steps, 'a row of the final observation').toBe(episode.length + 1);
  await page.goto(link(episode, `&step=${episode.length}`));
  await shown(page, episode.length);
  // The final observation was valued, but no reward answers it.
  await expect(track(page, 'reward').locator('[data-value]')).toHaveText('–');
  await expect(track(page, 'value').locator('[data-value]')).toHaveText(/\d/);
  const count = rewards.filter((reward) => reward > 0).length;
  const lane = page.getByRole('img', { name: /^Moments/ });
  await expect(lane).toHaveAttribute('aria-label', new RegExp(`${count} × reward.*${episode.end}`));
  await page.keyboard.press('Shift+N');
  const last = rewards.findLastIndex((reward) => reward > 0);
  await shown(page, last);
  await expect(lane).toHaveAttribute('aria-label', new RegExp(`at step ${last}: reward \\+${rewards[last]}`));
});

test('U-15: the film strip tells the whole episode and is scrubbed like the rest', async ({
  page,
  request,
}) => {
  const [episode] = await recordedEpisodes(request, 'breakout', 1);
  await page.goto(link(episode));
  await shown(page, 0);
  const strip = page.getByRole('img', { name: 'Pictures of the whole episode' });
  const filled = () =>
    strip
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, canvas.height >> 1, canvas.width, 1);
        let count = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count += 1;
        return count / canvas.width;
      });
  await expect.poll(filled, { timeout: 30_000 }).toBeGreaterThan(0.8);
  const box = (await strip.boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await expect.poll(() => shownStep(page)).toBe(Math.round((episode.steps - 1) / 2));
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown');
});
