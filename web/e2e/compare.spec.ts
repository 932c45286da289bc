import { expect, test, type Page } from '@playwright/test';

import { link, recordedEpisodes, type Recorded } from './demo';

const member = (page: Page, { run, episode }: Recorded) => page.locator(`[data-member="${run}:${episode}"]`);
const of = (episodes: Recorded[]) => episodes.map(({ run, episode }) => `${run}:${episode}`).join(',');
const slider = (page: Page) => page.getByRole('slider', { name: /of all episodes/ });

/** The columns of one episode as the API gives them, to check the page against. */
async function numbers(page: Page, { run, episode }: Recorded, name: string): Promise<number[]> {
  const answer = await page.request.get(`/api/runs/${run}/episodes/${episode}/fields?names=${name}`);
  const body = await answer.body();
  const length = body.readUInt32LE(4);
  const header = JSON.parse(body.subarray(8, 8 + length).toString()) as {
    columns: { name: string; dtype: string; shape: number[]; offset: number }[];
  };
  const column = header.columns.find((one) => one.name === name)!;
  const start = 8 + length + column.offset;
  return Array.from({ length: column.shape[0] }, (_, i) => {
    if (column.dtype === 'int64') return Number(body.readBigInt64LE(start + 8 * i));
    if (column.dtype === 'float64') return body.readDoubleLE(start + 8 * i);
    return body.readFloatLE(start + 4 * i);
  });
}

test('Compare: by step, with pictures, numbers and where the actions differ', async ({ page, request }) => {
  const episodes = (await recordedEpisodes(request, 'cartpole-dqn', 99))
    .filter(({ length }) => length > 100)
    .slice(0, 2);
  await page.goto(`/#/compare?of=${of(episodes)}`);
  const actions = await Promise.all(episodes.map((one) => numbers(page, one, 'action')));
  const shorter = Math.min(...episodes.map(({ length }) => length));
  const different = Array.from({ length: shorter }, (_, t) => actions[0][t] !== actions[1][t]);
  await expect(page.locator('[data-differences]')).toHaveAttribute(
    'data-differences',
    String(different.filter(Boolean).length),
  );
  const first = different.indexOf(true);
  await page.getByRole('button', { name: 'Next difference' }).click();
  await expect(slider(page)).toHaveValue(String(first));
  for (const one of episodes) {
    await expect(member(page, one)).toHaveAttribute('data-step', String(first));
    await expect(member(page, one).locator('[data-picture]')).toHaveAttribute('data-step', String(first));
    await expect(member(page, one)).toContainText('≠');
    await expect(member(page, one)).toContainText('return so far');
  }
  // The shorter is over when the longer still goes on.
  const longest = Math.max(...episodes.map(({ steps }) => steps)) - 1;
  await page.keyboard.press('End');
  await expect(slider(page)).toHaveValue(String(longest));
  await expect(page).toHaveURL(new RegExp(`at=${longest}`));
  if (episodes[0].steps !== episodes[1].steps) await expect(page.getByText(/^over/)).toBeVisible();
});

test('Compare: by event, the n-th reward of each at the same moment', async ({ page, request }) => {
  const episodes = (await recordedEpisodes(request, 'breakout', 4)).slice(0, 2);
  const rewards = await Promise.all(episodes.map((one) => numbers(page, one, 'reward')));
  const events = rewards.map((column) =>
    [...column.keys()].filter((t) => column[t] !== 0 && !Number.isNaN(column[t])),
  );
  await page.goto(`/#/compare?of=${of(episodes)}`);
  await page.getByRole('button', { name: 'by event' }).click();
  await expect(
    page.getByText(`steps whose logged reward is not 0: ${events[0].length}, ${events[1].length} times`),
  ).toBeVisible();
  for (const nth of [1, 5, 12]) {
    await page.getByRole('spinbutton', { name: /Which of these/ }).fill(String(nth));
    await page.keyboard.press('Enter');
    for (const [i, one] of episodes.entries()) {
      await expect(member(page, one)).toHaveAttribute('data-step', String(events[i][nth - 1]));
      await expect(member(page, one).locator('[data-picture]')).toHaveAttribute(
        'data-step',
        String(events[i][nth - 1]),
      );
    }
  }
  // An event that one of them does not have is told.
  await page.getByRole('spinbutton', { name: /Which of these/ }).fill('9999');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/event 9999 is not in .*Held together by step/)).toBeVisible();

  // A life lost is found in the logged lives.
  const lives = await Promise.all(episodes.map((one) => numbers(page, one, 'lives')));
  const lost = lives.map((column) => [...column.keys()].filter((t) => t > 0 && column[t] < column[t - 1]));
  await page.getByLabel('Event', { exact: true }).selectOption('lives');
  if (lost.every((steps) => steps.length > 0)) {
    for (const [i, one] of episodes.entries())
      await expect(member(page, one)).toHaveAttribute('data-step', String(lost[i][0]));
  } else await expect(page.getByText(/Held together by step/)).toBeVisible();
});

test('Compare: by time, environments of different rate stay together in seconds', async ({
  page,
  request,
}) => {
  const [cartpole] = (await recordedEpisodes(request, 'cartpole-dqn', 99)).filter(
    ({ length }) => length > 300,
  );
  const [breakout] = await recordedEpisodes(request, 'breakout', 1);
  const fps = await Promise.all(
    [cartpole, breakout].map(async ({ run }) => {
      const answer = await request.get(`/api/runs/${run}`);
      return ((await answer.json()) as { info: { env: { fps: number } } }).info.env.fps;
    }),
  );
  expect(fps[0]).not.toBe(fps[1]);
  await page.goto(`/#/compare?of=${of([cartpole, breakout])}&by=time`);
  await expect(page.getByText(`${fps[0]} steps/s, ${fps[1]} steps/s`)).toBeVisible();
  const ticks = Math.max(...fps) * 2;
  await slider(page).fill(String(ticks));
  await expect(page.locator('[data-readout]')).toContainText('2 /');
  await expect(member(page, cartpole)).toHaveAttribute('data-step', String(fps[0] * 2));
  await expect(member(page, breakout)).toHaveAttribute('data-step', String(fps[1] * 2));
});

test('Compare: add, swap, move by hand and remove; Back undoes', async ({ page, request }) => {
  const episodes = (await recordedEpisodes(request, 'cartpole-dqn', 99)).filter(({ length }) => length > 100);
  const [one, other] = episodes;
  await page.goto(link(one, '&step=20'));
  await expect(page.locator('[data-picture]').first()).toHaveAttribute('data-picture', 'shown');
  await page.keyboard.press('c');
  await expect(page).toHaveURL(/#\/compare/);
  await expect(slider(page)).toHaveValue('20');
  await page.getByRole('button', { name: new RegExp(`ep ${other.episode}\\b`) }).click();
  await expect(page.locator('[data-member]')).toHaveCount(2);
  await expect(member(page, other)).toHaveAttribute('data-step', '20');

  await page.getByRole('spinbutton', { name: new RegExp(`Offset of .*episode ${other.episode}`) }).fill('-5');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/offset=0,-5/);
  await slider(page).fill('20');
  await expect(member(page, one)).toHaveAttribute('data-step', '20');
  await expect(member(page, other)).toHaveAttribute('data-step', '15');

  await page.getByRole('button', { name: new RegExp(`episode ${other.episode}, to the left`) }).click();
  await expect(page.locator('[data-member]').first()).toHaveAttribute(
    'data-member',
    `${other.run}:${other.episode}`,
  );
  await page.getByRole('button', { name: new RegExp(`Remove .*episode ${one.episode}\\b`) }).click();
  await expect(page.locator('[data-member]')).toHaveCount(1);
  await page.goBack();
  await expect(page.locator('[data-member]')).toHaveCount(2);
});

test('Compare: curves of all lie over each other, more can be added, and they seek', async ({
  page,
  request,
}) => {
  const episodes = (await recordedEpisodes(request, 'breakout', 4)).slice(0, 2);
  await page.goto(`/#/compare?of=${of(episodes)}`);
  const track = (name: string) => page.locator(`[data-track="${name}"]`);
  for (const name of ['reward', 'episode_return', 'value']) await expect(track(name)).toBeVisible();
  await page.getByLabel('Add a curve').selectOption('entropy');
  await expect(page).toHaveURL(/tracks=reward,episode_return,value,entropy/);
  await expect(track('entropy').getByRole('img')).toHaveAttribute('aria-label', /entropy: .*from .* to /);
  const chart = track('value').getByRole('img');
  const box = (await chart.boundingBox())!;
  await chart.click({ position: { x: box.width / 2, y: box.height / 2 } });
  const end = Number(await slider(page).getAttribute('max'));
  await expect
    .poll(async () => Math.abs(Number(await slider(page).inputValue()) - end / 2))
    .toBeLessThan(end / 100);
  await track('reward').getByRole('button', { name: 'Remove reward' }).click();
  await expect(track('reward')).toBeHidden();
});
