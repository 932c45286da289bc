import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';

import { recordedEpisodes, type Recorded } from './demo';
import { OwnServer } from './own_server';

/** What if: edits of what the policy receives, on the agents and episodes of the demo. */

interface Said {
  numbers: number[];
  probabilities: number[];
  greedy: number[];
  value: number | null;
}

interface Answer {
  checkpoint: { global_step: number; name: string };
  in_force: boolean;
  kl: number | null;
  kl_from_force: number | null;
  before: Said;
  after: Said;
}

/** The header of a `what_if`. */
async function whatIf(
  request: APIRequestContext,
  { run, episode }: Pick<Recorded, 'run' | 'episode'>,
  body: object,
): Promise<{ fields: { name: string; changed: number; outside: number }[]; answers: Answer[] }> {
  const answer = await request.post(`/api/runs/${run}/episodes/${episode}/what_if`, { data: body });
  expect(answer.status(), await answer.text()).toBe(200);
  const bytes = await answer.body();
  const length = bytes.readUInt32LE(4);
  return JSON.parse(bytes.subarray(8, 8 + length).toString()) as Awaited<ReturnType<typeof whatIf>>;
}

const panel = (page: Page) => page.getByRole('region', { name: 'What if', exact: true });
/** Waits until the policy answered about the step as it is edited now. */
const answered = (page: Page) => expect(panel(page)).toHaveAttribute('data-what-if', 'answered');
const edited = (page: Page, row: number | string) =>
  panel(page).locator(`[data-choice="${row}"] td.now`).innerText();

async function open(page: Page, at: Recorded, step: number, rest = ''): Promise<void> {
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=${step}&surgery${rest}`);
  await answered(page);
  await expect(panel(page)).toHaveAttribute('data-step', String(step));
}

const lander = async (request: APIRequestContext) =>
  (await recordedEpisodes(request, 'lunarlander-dqn', 1))[0];
const breakout = async (request: APIRequestContext) => (await recordedEpisodes(request, 'breakout', 1))[0];
const cartpole = async (request: APIRequestContext) => (await recordedEpisodes(request, 'cartpole', 1))[0];

test('N-2: a slider moves what the policy says, the greedy action flips in words, and a link keeps it', async ({
  page,
  request,
}) => {
  const at = await lander(request);
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=20`);
  await expect(page.getByText('What if').first()).toBeVisible();
  await page.keyboard.press('w');
  await answered(page);
  await expect(page).toHaveURL(/surgery/);
  await expect(panel(page).locator('[data-outcome]')).toContainText('As recorded');
  const before = await edited(page, 0);

  const y = panel(page).getByRole('spinbutton', { name: 'y as a number', exact: true });
  await y.fill('0.2');
  await y.press('Enter');
  await expect(panel(page).locator('[data-outcome]')).toContainText('now prefers');
  await expect(page).toHaveURL(/edit=e1:0\.2/);
  const expected = await whatIf(request, at, {
    step: 20,
    edits: [{ field: 'observation', place: { elements: [1] }, change: { set: 0.2 } }],
  });
  expect(expected.answers[0].after.greedy).not.toEqual(expected.answers[0].before.greedy);
  for (const [index, number] of expected.answers[0].after.numbers.entries()) {
    expect(Math.abs(Number(await edited(page, index)) - number)).toBeLessThan(0.01);
  }

  // The keyboard moves a slider, and not the playhead.
  const slider = panel(page).getByRole('slider', { name: /^angle, in/ });
  await slider.focus();
  await slider.press('ArrowRight');
  await expect(panel(page).getByRole('button', { name: 'Take out: angle' })).toHaveCount(1);
  await expect(panel(page)).toHaveAttribute('data-step', '20');

  // Undo, redo, one entry as recorded, and all of it from the address alone.
  await page.keyboard.press('Control+z');
  await expect(panel(page).getByRole('region', { name: 'Edits' }).locator('li')).toHaveCount(1);
  await page.keyboard.press('Control+Shift+z');
  await expect(panel(page).getByRole('region', { name: 'Edits' }).locator('li')).toHaveCount(2);
  await panel(page).getByRole('button', { name: 'y as recorded', exact: true }).click();
  await panel(page).getByRole('button', { name: 'angle as recorded', exact: true }).click();
  await expect(panel(page).locator('[data-outcome]')).toContainText('As recorded');
  expect(await edited(page, 0)).toBe(before);
  await open(page, at, 20, '&edit=e1:0.2');
  await expect(panel(page).locator('[data-outcome]')).toContainText('now prefers');

  // Outside of the space it is allowed, and marked.
  await y.fill('40');
  await y.press('Enter');
  await expect(panel(page).getByText('outside', { exact: true })).toBeVisible();
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=20&surgery&edit=nonsense`);
  await expect(page.getByText('cannot be read')).toBeVisible();
});

test('N-2: attributions of both take a method and its settings; one that cannot be had says why, and as usual it comes back', async ({
  page,
  request,
}) => {
  const at = await lander(request);
  const asked: { method: string; settings?: Record<string, string> }[] = [];
  await page.route('**/what_if', async (route) => {
    const { attribution } = route.request().postDataJSON() as { attribution?: (typeof asked)[number] };
    if (attribution) asked.push(attribution);
    if (attribution?.settings?.steps === '7') {
      await route.fulfill({ status: 400, json: { code: 'bad_request', message: 'steps: too few' } });
    } else await route.continue();
  });
  await open(page, at, 20, '&edit=e1:0.2&attributed');
  const table = panel(page).getByRole('table', { name: /Attribution of each entry/ });
  await expect(table).toBeVisible();
  expect(asked.at(-1)).toEqual({ method: 'saliency', target: 'greedy' });
  const method = panel(page).getByLabel('method of the attributions');
  await expect(method.locator('option').first()).toHaveText('as in Why: saliency');
  await method.selectOption('integrated_gradients');
  await expect(page).toHaveURL(/attributed=integrated_gradients/);
  await expect.poll(() => asked.at(-1)?.method).toBe('integrated_gradients');
  await panel(page).getByText('settings of integrated gradients').click();
  const steps = panel(page).getByRole('spinbutton', { name: 'steps' });
  await steps.fill('7');
  await steps.press('Enter');
  await expect.poll(() => asked.at(-1)?.settings).toEqual({ steps: '7' });
  await expect(panel(page).getByRole('alert')).toContainText('steps: too few');
  // The policy itself is asked all the same.
  await expect(panel(page).locator('[data-outcome]')).toBeVisible();
  await panel(page).getByRole('button', { name: 'as usual' }).click();
  await expect(panel(page).getByRole('alert')).toHaveCount(0);
  await expect(table).toBeVisible();
});

test('N-2: a picture is painted on by pointer and by keys, erased and pasted, and the state beside it edited', async ({
  page,
  request,
}) => {
  const at = await breakout(request);
  await open(page, at, 530);
  const surface = panel(page).locator('[data-surface]');
  const list = panel(page).getByRole('region', { name: 'Edits' });
  await panel(page).getByRole('button', { name: 'paint', exact: true }).click();
  await surface.scrollIntoViewIfNeeded();
  const box = (await surface.boundingBox())!;
  const drag = async (from: [number, number], to: [number, number]) => {
    const place = ([x, y]: [number, number]) => [
      box.x + ((x + 0.5) * box.width) / 80,
      box.y + ((y + 0.5) * box.height) / 80,
    ];
    const now = (await surface.boundingBox())!;
    box.x = now.x;
    box.y = now.y;
    await page.mouse.move(place(from)[0], place(from)[1]);
    await page.mouse.down();
    await page.mouse.move(place(to)[0], place(to)[1], { steps: 4 });
    await page.mouse.up();
  };
  const before = await edited(page, 'value');
  await drag([20, 10], [50, 10]);
  await expect(list.locator('li')).toHaveText(/Paint \d+ pixels with 255/);
  await answered(page);
  expect(await edited(page, 'value')).not.toBe(before);
  expect(Number((await edited(page, 'kl')).replace('−', '-'))).toBeGreaterThan(0);

  await panel(page).getByRole('button', { name: 'rectangle' }).click();
  await panel(page).getByRole('button', { name: 'erase', exact: true }).click();
  await drag([10, 4], [60, 16]);
  await expect(list.locator('li').last()).toContainText('Erase 51 × 13 at 10, 4');
  await panel(page).getByRole('button', { name: 'paste', exact: true }).click();
  await panel(page).getByRole('spinbutton', { name: 'from step' }).fill('300');
  await panel(page).getByRole('spinbutton', { name: 'from step' }).press('Tab');
  await drag([0, 0], [79, 79]);
  await expect(list.locator('li').last()).toContainText('Paste 80 × 80 at 0, 0 from step 300');
  await answered(page);
  // The picture of step 300 with the memory of step 530: as the server says it.
  const paste = { field: 'observation', place: { rect: [0, 0, 80, 80] }, change: { paste: { step: 300 } } };
  const expected = await whatIf(request, at, { step: 530, edits: [paste] });
  const shown = Number((await edited(page, 'value')).replace('−', '-'));
  expect(Math.abs(shown - expected.answers[0].after.value!)).toBeLessThan(0.001);

  // Keys: a cursor, two corners, and the playhead stays.
  await panel(page).getByRole('button', { name: 'Clear' }).click();
  await panel(page).getByRole('button', { name: 'blur', exact: true }).click();
  await surface.focus();
  for (const key of ['ArrowLeft', 'Enter', 'Shift+ArrowRight', 'Shift+ArrowDown', 'Enter']) {
    await surface.press(key);
  }
  await expect(list.locator('li')).toHaveText(/Blur 9 × 9 at 39, 40 by 3/);
  await expect(panel(page)).toHaveAttribute('data-step', '530');
});

test('R-9: the recurrent state is edited in a table of its own', async ({ page, request }) => {
  const at = await breakout(request);
  await open(page, at, 530);
  await panel(page).getByText('recurrent state, 256 numbers').click();
  const before = await edited(page, 'value');
  const first = panel(page).getByRole('spinbutton', { name: '[0] as a number', exact: true });
  await first.fill('3');
  await first.press('Enter');
  await expect(page).toHaveURL(/recurrent_state/);
  await answered(page);
  await expect.poll(() => edited(page, 'value')).not.toBe(before);
  const expected = await whatIf(request, at, {
    step: 530,
    edits: [{ field: 'recurrent_state', place: { elements: [0] }, change: { set: 3 } }],
  });
  const shown = Number((await edited(page, 'value')).replace('−', '-'));
  expect(Math.abs(shown - expected.answers[0].after.value!)).toBeLessThan(0.001);
  expect(expected.fields.find(({ name }) => name === 'observation')!.changed).toBe(0);
});

test('N-2: the smallest change is found, joins the edits, and flips what the policy prefers', async ({
  page,
  request,
}) => {
  const at = await lander(request);
  await open(page, at, 20);
  await panel(page).getByLabel('that makes it choose').selectOption({ label: 'main engine' });
  await panel(page).getByRole('button', { name: 'Find it' }).click();
  await expect(panel(page).locator('[data-counterfactual="found"]')).toContainText(
    'It chooses main engine when',
  );
  await expect(panel(page).locator('[data-outcome]')).toContainText('now prefers main engine');
  await expect(panel(page).locator('[data-counterfactual]')).toContainText('need not be a state that can be');

  test.slow();
  const frames = await breakout(request);
  await open(page, frames, 530);
  await panel(page).getByRole('button', { name: 'Find it' }).click();
  await expect(panel(page).locator('[data-counterfactual="searching"]')).toBeVisible();
  await panel(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(panel(page).locator('[data-counterfactual="idle"]')).toBeVisible();
  await panel(page).getByRole('button', { name: 'Find it' }).click();
  await expect(panel(page).locator('[data-counterfactual="found"]')).toBeVisible({ timeout: 45_000 });
  await expect(panel(page).locator('[data-outcome]')).toContainText(/now prefers|still prefers/);
});

test('A-11: the same states are asked of every checkpoint, those on which they disagree most first', async ({
  page,
  request,
}) => {
  const at = await cartpole(request);
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=5&surgery=checkpoints`);
  const grid = panel(page).locator('[data-disagreement]');
  await expect(grid.locator('thead th')).toHaveCount(8);
  await expect(grid.locator('tbody tr')).toHaveCount(4);
  const apart = await grid
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-apart'))));
  expect(apart).toEqual(apart.toSorted((a, b) => b - a));
  expect(apart[0]).toBeGreaterThan(0);
  // A thumbnail in every cell.
  await expect(grid.locator('tbody .thumb ul')).toHaveCount(24);
  await grid.locator('tbody button').first().click();
  await expect(panel(page)).toHaveAttribute('data-step', /\d+/);

  test.slow();
  const frames = await breakout(request);
  await page.goto(`/#/replay?run=${frames.run}&episode=${frames.episode}&step=530&surgery=checkpoints`);
  await expect(grid.locator('tbody canvas').first()).toBeVisible({ timeout: 45_000 });
  await expect(
    panel(page).getByRole('region', { name: 'Two checkpoints side by side' }).locator('canvas'),
  ).toHaveCount(3);
});

test('N-6: one state through training: curves, and the same numbers as a table', async ({
  page,
  request,
}) => {
  const at = await cartpole(request);
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=5&surgery=checkpoints&edit=e2:0.1`);
  const part = panel(page).getByRole('region', { name: 'This state through training' });
  await expect(part.locator('[data-checkpoint]')).toHaveCount(6);
  await expect(part.getByRole('heading')).toHaveText('This edited state through training');
  const expected = await whatIf(request, at, {
    step: 5,
    edits: [{ field: 'observation', place: { elements: [2] }, change: { set: 0.1 } }],
    checkpoints: 'all',
  });
  for (const { checkpoint, after } of expected.answers) {
    const cells = part.locator(`[data-checkpoint="${checkpoint.global_step}"] td.number`);
    const shown = (await cells.allInnerTexts()).map((text) => Number(text.replace('−', '-')));
    after.numbers.forEach((number, index) =>
      expect(Math.abs(shown[index] - number)).toBeLessThan(1e-3 * Math.max(1, Math.abs(number))),
    );
  }
  await expect(part.locator('svg circle')).toHaveCount(12);
});

test('N-14: why this and not that is said in sentences that are true', async ({ page, request }) => {
  const at = await lander(request);
  await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=20&surgery=why`);
  const said = panel(page).locator('[data-why-not="answered"]');
  await expect(said).toContainText(/It (took|prefers) .+ (rather than|to) .+\./);
  await expect(said).toContainText('Between the two,');
  const sentence = said.getByText(/^Were .+, it would choose/).first();
  await expect(sentence).toBeVisible();
  const other = /it would choose (.+)\./.exec(await sentence.innerText())![1];
  // What the sentence says is what happens.
  await sentence.getByRole('button', { name: 'Try it' }).click();
  await answered(page);
  await expect(panel(page).locator('[data-outcome]')).toContainText(`now prefers ${other}`);
});

test('N-2: a probe is kept by name, opened again, renamed, run through training and deleted', async ({
  page,
  request,
}) => {
  // Probes are written beside the run: one of a copy.
  const at = await lander(request);
  const server = await OwnServer.onEmptyFolder();
  const copy = join(server.root, 'demo', at.run);
  await cp(join(process.env.ETHOGRAM_DEMO_RUNS!, 'demo', at.run), copy, { recursive: true });
  // The server looks for new runs now and then.
  await expect.poll(async () => (await server.runs()).map((one) => one.id)).toContain(at.run);
  await page.goto(
    `${server.url}/#/replay?run=${at.run}&episode=${at.episode}&step=20&surgery=probes&edit=e1:0.2`,
  );
  const name = panel(page).getByRole('textbox', { name: /Keep step 20 with these edits as/ });
  await name.fill('low <b>start</b>');
  await panel(page).getByRole('button', { name: 'Save probe' }).click();
  const saved = panel(page).locator('[data-probe="low <b>start</b>"]');
  await expect(saved).toContainText('y = 0.2');
  await saved.getByRole('button', { name: 'Rename' }).click();
  await panel(page).getByRole('textbox', { name: 'New name' }).fill('low start');
  await panel(page).getByRole('textbox', { name: 'New name' }).press('Enter');
  const renamed = panel(page).locator('[data-probe="low start"]');
  await expect(renamed).toBeVisible();
  await page.goto(`${server.url}/#/replay?run=${at.run}&episode=${at.episode}&step=3&surgery=probes`);
  await renamed.getByRole('link', { name: 'low start' }).click();
  await answered(page);
  await expect(panel(page)).toHaveAttribute('data-step', '20');
  await expect(panel(page).locator('[data-outcome]')).toContainText('now prefers');
  await panel(page).getByRole('button', { name: 'Probes' }).click();
  await renamed.getByRole('link', { name: 'Through training' }).click();
  await expect(panel(page).locator('[data-through-training="20"]')).toBeVisible();
  await panel(page).getByRole('button', { name: 'Probes' }).click();
  await renamed.getByRole('button', { name: 'Delete' }).click();
  await expect(renamed).toHaveCount(0);
  await server.dispose();
});

for (const look of ['light', 'dark'] as const) {
  test(`what if has no accessibility fault that axe finds, ${look}`, async ({ page, request }) => {
    test.slow();
    await page.emulateMedia({ colorScheme: look });
    const at = await breakout(request);
    await open(page, at, 530, '&edit=r10,4,20,10:200&attributed');
    for (const part of ['Edit', 'Why, why not', 'Probes', 'Checkpoints']) {
      await panel(page).getByRole('button', { name: part, exact: true }).click();
      if (part === 'Checkpoints') {
        await expect(panel(page).locator('[data-disagreement]')).toBeVisible({ timeout: 45_000 });
      }
      if (part === 'Why, why not')
        await expect(panel(page).locator('[data-why-not="answered"]')).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).include('[data-what-if]').analyze();
      expect(violations, part).toEqual([]);
    }
  });
}

test('what if fits a phone', async ({ page, request }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const at = await lander(request);
  for (const part of ['', 'checkpoints', 'why', 'probes']) {
    await page.goto(`/#/replay?run=${at.run}&episode=${at.episode}&step=20&surgery=${part}&edit=e1:0.2`);
    await answered(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wide, part).toBeLessThanOrEqual(0);
  }
});
