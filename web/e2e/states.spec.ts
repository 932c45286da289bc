import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

import { runs } from './demo';
import type { OwnServer } from './own_server';
import {
  drag,
  drawn,
  held,
  holdFirst,
  map,
  moment,
  open,
  pictures,
  plot,
  progress,
  serverOn,
  visible,
  WHOLE,
} from './states_page';

// Maps are computed and pictures decoded on the machine's few cores.
test.describe.configure({ timeout: 240_000 });

let server: OwnServer;

test.beforeAll(async () => {
  server = await serverOn(['rooms', 'bare', 'many', 'sampled']);
});
test.afterAll(async () => {
  await server.dispose();
});

test('N-11, D-14: the map is recoloured, faded and sized by reward, value and any other field', async ({
  page,
}) => {
  await open(server, page, 'rooms');
  const legend = page.getByRole('group', { name: /^Colours/ });
  await expect(legend).toHaveAccessibleName('Colours: action');
  await expect(legend.getByRole('button')).toHaveText([/LEFT/, /RIGHT/, /JUMP/]);
  const picture = () =>
    plot(page)
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        let hash = 0x811c9dc5;
        for (let i = 0; i < data.length; i += 4)
          hash = Math.imul(hash ^ data[i] ^ (data[i + 2] << 8), 0x01000193);
        return hash;
      });
  let before = await picture();
  for (const [name, low, high] of [
    ['value', '−2.1', '2.1'],
    ['reward', '0', '1'],
    ['advantage', '', ''],
    ['entropy', '', ''],
    ['confidence', '', ''],
  ]) {
    await page.getByLabel('colour', { exact: true }).selectOption(name);
    await expect(legend).toHaveAccessibleName(`Colours: ${name}`);
    await expect(page).toHaveURL(new RegExp(`colour=${name}`));
    if (name === 'reward') await expect(legend).toContainText(`${low}${high}`);
    await expect.poll(picture).not.toBe(before);
    before = await picture();
  }
  for (const label of ['opacity', 'size']) {
    await page.getByLabel(label, { exact: true }).selectOption('entropy');
    await expect.poll(picture).not.toBe(before);
    before = await picture();
  }
  // A range brings out what lies in it: reward is 1 in one room of three.
  await page.getByLabel('colour', { exact: true }).selectOption('reward');
  const all = await visible(page);
  await page.getByRole('slider', { name: /^Lowest reward/ }).fill('0.5');
  await expect.poll(() => visible(page)).toBe(240);
  await page.getByRole('button', { name: 'whole range' }).click();
  await expect.poll(() => visible(page)).toBe(all);
});

test('D-14: text with few values has colours by name, and text with many says so', async ({ page }) => {
  const own = await serverOn(['words']);
  try {
    // The server looks for new runs now and then.
    await expect(() => open(own, page, 'words', '&colour=mood')).toPass();
    const legend = page.getByRole('group', { name: 'Colours: mood' });
    for (const mood of ['calm', 'lost', 'tense']) {
      await expect(legend.getByRole('button', { name: new RegExp(`^${mood}`) })).toContainText('20');
    }
    await legend.getByRole('button', { name: /^lost/ }).click();
    await expect.poll(() => visible(page)).toBe(20);
    await page.getByLabel('colour', { exact: true }).selectOption('ident');
    await expect(page.getByText(/text with at most 48 different values/)).toBeVisible();
  } finally {
    await own.dispose();
  }
});

test('N-12: a point shows its numbers with names and units, and its frame; the row without numbers is left out', async ({
  page,
}) => {
  await open(server, page, 'rooms');
  await expect(page.getByText(/1 left out/)).toBeVisible();
  await plot(page).focus();
  await page.keyboard.press('.');
  const card = plot(page).locator('[data-point]');
  await expect(card).toHaveAttribute('data-point', /:0:0$/);
  for (const text of [/position/, /m\/s/, /rad\/s/, /spin/]) await expect(card).toContainText(text);
  await expect(card.locator('[data-thumbnail]')).toHaveAttribute('data-thumbnail', 'shown');
  await expect(card).toContainText(/action\s*(LEFT|RIGHT|JUMP)/);
});

test('N-20: where states lie, how episodes pass through them and their advantages are one picture', async ({
  page,
}) => {
  const run = await open(server, page, 'rooms', '&colour=advantage');
  await page.getByLabel('Draw an episode as a line').selectOption({ label: 'episode 2' });
  await page.getByLabel('Draw an episode as a line').selectOption({ label: 'episode 7' });
  await expect(page.locator('[data-line]')).toHaveCount(2);
  await expect(page).toHaveURL(new RegExp(`lines=${run}:2,${run}:7`));
  await expect(page.getByRole('group', { name: 'Colours: advantage' })).toBeVisible();
  // The one episode that stands out, the layout being that of all.
  await page.getByRole('slider', { name: 'Episode that stands out' }).fill('2');
  await expect.poll(() => visible(page)).toBe(60);
  await expect(page).toHaveURL(new RegExp(`at=${run}:2`));
  await page.reload();
  await drawn(page);
  await expect(page.locator('[data-line]')).toHaveCount(2);
  await expect.poll(() => visible(page)).toBe(60);
});

test('States: a click plays the step, the playhead is on the map, and Back finds the map as it was', async ({
  page,
}) => {
  await open(server, page, 'rooms');
  await plot(page).focus();
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('.');
  await page.keyboard.press('Enter');
  await expect.poll(() => moment(page)).toEqual(['replay', '0', '4']);
  await page.goBack();
  await expect(plot(page)).toHaveAttribute('data-painted', 'dots');
  // The point under the pointer, clicked: where the card of the first one says that it is.
  const box = (await plot(page).boundingBox())!;
  await plot(page).focus();
  await page.keyboard.press('Home');
  const place = await plot(page)
    .locator('.tip')
    .evaluate((tip: HTMLElement) => [parseFloat(tip.style.left), parseFloat(tip.style.top)]);
  await page.mouse.move(box.x + place[0], box.y + place[1]);
  const at = (await plot(page).locator('[data-point]').getAttribute('data-point'))!.split(':');
  await page.mouse.down();
  await page.mouse.up();
  await expect.poll(() => moment(page)).toEqual(['replay', at[1], at[2]]);
});

test('A-13: PCA, UMAP and t-SNE in two and three dimensions, turned and enlarged by mouse and keys, kept in the address', async ({
  page,
}) => {
  await open(server, page, 'rooms');
  await expect(progress(page)).toContainText('of the variance');
  await page.getByRole('button', { name: '3-D' }).click();
  await expect(progress(page)).toContainText(/%, .*%, .*%/);
  await drag(page, [
    [0.4, 0.5],
    [0.6, 0.6],
  ]);
  await expect(page).toHaveURL(/cam=[^&]+(,[^&]+){6}/);
  await plot(page).focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('+');
  const box = (await plot(page).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, -2000);
  await expect.poll(() => visible(page)).toBeLessThan(700);
  await page.getByRole('button', { name: 'Whole map' }).click();
  await expect.poll(() => visible(page)).toBe(719);
  await expect(page).not.toHaveURL(/cam=/);
  for (const name of ['UMAP', 't-SNE']) {
    await page.getByRole('button', { name, exact: true }).click();
    await expect(progress(page)).toContainText(/done after \d+ rounds/, { timeout: 100_000 });
    await expect(plot(page)).toHaveAttribute('data-painted', 'dots');
    await page.getByRole('button', { name: 'PCA', exact: true }).click();
    await expect(progress(page)).toContainText('of the variance');
  }
});

test('A-13: search by pattern, isolate, box and lasso select, names edited, bookmarks, and all of it in a link', async ({
  page,
  context,
}) => {
  await open(server, page, 'rooms');
  // Regular expressions over actions, tags and titles.
  const find = page.getByRole('searchbox');
  await find.fill('crash');
  await expect(page.getByText('60 points found')).toBeVisible();
  await expect.poll(() => visible(page)).toBe(60);
  await find.fill('jump|episode 3$');
  await expect.poll(() => visible(page)).toBeGreaterThan(60);
  await find.fill('(');
  await expect(page.getByText(/No pattern/)).toBeVisible();
  await find.fill('');
  await expect.poll(() => visible(page)).toBe(719);

  // A choice of the legend alone.
  const left = page.getByRole('group', { name: /^Colours/ }).getByRole('button', { name: /^LEFT/ });
  await left.click();
  await expect(page).toHaveURL(/only_colour=0/);
  await expect.poll(() => visible(page)).toBeLessThan(500);
  await left.click();

  // A box around everything, and a lasso around the left half.
  await page.keyboard.press('x');
  await drag(page, WHOLE);
  const sets = page.locator('[data-set]');
  await expect(sets).toHaveCount(1);
  await expect(sets.first()).toContainText('719 points in 12 episodes');
  await page.keyboard.press('l');
  await drag(page, [
    [0.01, 0.01],
    [0.5, 0.01],
    [0.5, 0.99],
    [0.01, 0.99],
  ]);
  await expect(sets).toHaveCount(2);
  await page.getByLabel('Name of the set set 2').fill('west wing');
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-set="west wing"]')).toBeVisible();
  await page.locator('[data-set="west wing"]').getByRole('button', { name: 'Isolate' }).click();
  await expect.poll(() => visible(page)).toBeLessThan(719);
  const west = await visible(page);
  await expect(page.locator('[data-set="west wing"]')).toContainText(`${west} points`);

  // A bookmark comes back to a view.
  await page.keyboard.press('v');
  await page.getByLabel('Name of this view').fill('the west');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.locator('[data-set="west wing"]').getByRole('button', { name: 'Isolate' }).click();
  await expect.poll(() => visible(page)).toBe(719);
  await page.getByRole('button', { name: 'Go to the west' }).click();
  await expect.poll(() => visible(page)).toBe(west);

  await expect(page).toHaveURL(/sets=.*only_set=|only_set=.*sets=/);
  const other = await context.newPage();
  await other.goto(page.url());
  await drawn(other);
  await expect(other.locator('[data-set]')).toHaveCount(2);
  await expect.poll(() => visible(other)).toBe(west);
  await expect(other.getByRole('button', { name: 'Go to the west' })).toBeVisible();
  await other.getByRole('button', { name: 'Take west wing away' }).click();
  await expect.poll(() => visible(other)).toBe(719);
});

test('A-13: the nearest states of a point by Euclid and by angle, with their frames, and as a set', async ({
  page,
}) => {
  await open(server, page, 'rooms');
  const point = await holdFirst(page);
  const rows = page.locator('[data-neighbour]');
  await expect(rows).toHaveCount(15);
  const indices = async () =>
    rows.evaluateAll((all) => all.map((row) => Number(row.getAttribute('data-neighbour'))));
  const near = await indices();
  expect(near).not.toContain(point);

  // The same as brute force over the logged numbers.
  const id = (await map(page).getAttribute('data-map'))!;
  const names = [0, 1, 2, 3].map((i) => `name=observation[${i}]`).join('&');
  const body = await (await page.request.get(`${server.url}/api/maps/${id}/fields?${names}`)).body();
  const length = body.readUInt32LE(4);
  const header = JSON.parse(body.subarray(8, 8 + length).toString()) as {
    columns: { offset: number; shape: number[] }[];
  };
  const columns = header.columns.map(({ offset, shape }) =>
    Array.from({ length: shape[0] }, (_, i) => body.readDoubleLE(8 + length + offset + 8 * i)),
  );
  const apart = columns[0].map((_, i) => Math.hypot(...columns.map((column) => column[i] - column[point])));
  const expected = [...apart.keys()].filter((i) => i !== point).sort((a, b) => apart[a] - apart[b]);
  expect(near).toEqual(expected.slice(0, 15));

  await expect(rows.first().locator('[data-thumbnail]')).toHaveAttribute('data-thumbnail', 'shown');
  await page.getByRole('button', { name: 'cosine' }).click();
  await expect(page).toHaveURL(/metric=cosine/);
  await expect.poll(indices).not.toEqual(near);
  await page.getByLabel('How many').selectOption('5');
  await expect(rows).toHaveCount(5);
  await page.getByRole('button', { name: 'make a set' }).click();
  await expect(page.locator('[data-set="near 1"]')).toContainText('6 points');
  await rows.first().getByRole('link').click();
  await expect(page).toHaveURL(/#\/replay\?/);
});

test('A-13: axes by fields, and names of colours', async ({ page }) => {
  await open(server, page, 'rooms');
  await page.getByLabel('axes of my own').check();
  await page.getByLabel('Axis across').selectOption({ label: 'position' });
  await page.getByLabel('Axis up').selectOption({ label: 'height' });
  await expect(page).toHaveURL(/axes=field%3Aobservation|axes=field:observation/);
  // On a map of position and height the rooms are where they were logged: low left, low right, high left.
  await page.getByRole('button', { name: 'As a table' }).click();
  const table = page.getByRole('region', { name: /as a table/ });
  await expect(table.getByRole('columnheader')).toHaveText(['Point', 'position', 'height']);
  await page.getByRole('button', { name: 'As a table' }).click();
  await page.getByLabel('names', { exact: true }).selectOption('colours');
  await expect(page).toHaveURL(/labels=colours/);
});

test('A-13: 100,000 points are shaded by density, single ones appear when zoomed in, and they are panned', async ({
  page,
}) => {
  await open(server, page, 'many', '&points=200000');
  await expect(map(page)).toHaveAttribute('data-points', '119999');
  await expect(plot(page)).toHaveAttribute('data-painted', 'density');
  await drag(page, [
    [0.4, 0.5],
    [0.45, 0.52],
    [0.5, 0.5],
  ]);
  await expect(page).toHaveURL(/cam=/);
  await plot(page).focus();
  await page.keyboard.press('0');
  const box = (await plot(page).boundingBox())!;
  // Into the first room, wherever the layout put it.
  await page.keyboard.press('.');
  await expect(plot(page)).toHaveAttribute('data-hovered', '0');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let i = 0; i < 12 && (await plot(page).getAttribute('data-painted')) === 'density'; i += 1) {
    await page.mouse.wheel(0, -400);
    await page.waitForTimeout(250);
  }
  await expect(plot(page)).toHaveAttribute('data-painted', 'dots');
});

test('A-12: activations of a layer are laid out live, held, shaken and stopped; points lead to frames, episodes are lines', async ({
  page,
  request,
}) => {
  const { id } = (await runs(request)).find(({ name }) => name === 'cartpole-dqn')!;
  await page.goto(`/#/states?runs=${id}&points=1000&method=tsne&with=rounds:10000`);
  await drawn(page);
  const layer = await page
    .getByLabel('map of', { exact: true })
    .locator('option')
    .evaluateAll((all) =>
      all.map((one) => (one as HTMLOptionElement).value).find((name) => name.startsWith('layer/')),
    );
  // The layout of the observations runs until that of the layer begins.
  const before = (await map(page).getAttribute('data-map'))!;
  await page.getByLabel('map of', { exact: true }).selectOption(layer!);
  await expect(map(page)).not.toHaveAttribute('data-map', before);
  await expect(progress(page)).toHaveAttribute('data-phase', 'running');
  const round = async () => Number(await progress(page).getAttribute('data-round'));
  await expect.poll(round).toBeGreaterThan(5);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(progress(page)).toHaveAttribute('data-phase', 'paused');
  await page.waitForTimeout(500);
  const standing = await round();
  await page.waitForTimeout(1000);
  expect(await round()).toBe(standing);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(round).toBeGreaterThan(standing);
  await page.getByRole('button', { name: 'Perturb' }).click({ delay: 900 });
  await expect(progress(page)).toHaveAttribute('data-phase', 'running');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(progress(page)).toContainText('stopped at round');
  await holdFirst(page);
  await expect(held(page).locator('[data-point] [data-thumbnail]')).toHaveAttribute(
    'data-thumbnail',
    'shown',
  );
  await page.getByRole('button', { name: 'Its episode' }).click();
  await expect(page.locator('[data-line]')).toHaveCount(1);
  await page.getByRole('link', { name: 'Replay there' }).click();
  await expect(page).toHaveURL(/#\/replay\?/);
});

test('D-13, N-11, N-12: random states by action and confidence, through training, with names, units and bounds', async ({
  page,
}) => {
  const run = await open(server, page, 'sampled');
  await expect(map(page)).toHaveAttribute('data-points', '30');
  await page.getByRole('button', { name: 'random states' }).click();
  await expect(page).toHaveURL(/samples=space-20000/);
  await expect(map(page)).toHaveAttribute('data-points', '400');
  const legend = page.getByRole('group', { name: /^Colours/ });
  await expect(legend).toHaveAccessibleName('Colours: action');
  await expect(legend.getByRole('button')).toHaveText([/LEFT/, /RIGHT/, /JUMP/]);
  await expect(page.getByLabel('opacity', { exact: true })).toHaveValue('confidence');

  // 1 − H / ln A, and by the smallest and largest entropy of the points.
  const fields = async () => {
    const id = (await map(page).getAttribute('data-map'))!;
    const names = ['confidence', 'confidence[min_max]', 'entropy', 'logits[0]', 'logits[1]', 'logits[2]'];
    const query = names.map((name) => `name=${name}`).join('&');
    const body = await (await page.request.get(`${server.url}/api/maps/${id}/fields?${query}`)).body();
    const length = body.readUInt32LE(4);
    const { columns } = JSON.parse(body.subarray(8, 8 + length).toString()) as {
      columns: { offset: number; shape: number[] }[];
    };
    return columns.map(({ offset, shape }) =>
      Array.from({ length: shape[0] }, (_, i) => body.readDoubleLE(8 + length + offset + 8 * i)),
    );
  };
  const check = async () => {
    const [confidence, relative, entropy, ...logits] = await fields();
    const [least, most] = [Math.min(...entropy), Math.max(...entropy)];
    confidence.forEach((sure, i) => {
      const powers = logits.map((column) => Math.exp(column[i]));
      const total = powers.reduce((sum, one) => sum + one, 0);
      const h = powers.reduce((sum, one) => sum - (one / total) * Math.log(one / total), 0);
      expect(sure).toBeCloseTo(1 - h / Math.log(3), 4);
      expect(relative[i]).toBeCloseTo(1 - (entropy[i] - least) / (most - least), 4);
    });
    return confidence.reduce((sum, one) => sum + one, 0) / confidence.length;
  };
  const late = await check();

  // The state by name, with its unit and bounds; a click holds it, for there is no step to play.
  const place = async () => {
    await plot(page).focus();
    await page.keyboard.press('Home');
    return plot(page)
      .locator('.tip')
      .evaluate((tip: HTMLElement) => [parseFloat(tip.style.left), parseFloat(tip.style.top)]);
  };
  const before = await place();
  const card = plot(page).locator('[data-point]');
  await expect(card).toHaveAttribute('data-point', `${run}:space-20000:0`);
  for (const text of [/position/, /height/, /m\/s/, /rad\/s/, /−20 … 20/])
    await expect(card).toContainText(text);
  await page.keyboard.press('Enter');
  await expect(held(page)).toBeVisible();
  await expect(held(page).getByRole('link', { name: 'Replay there' })).toHaveCount(0);
  await expect(page.locator('[data-neighbour]').first()).toContainText('space-20000, sample');

  // The same states, asked of the network that knew nothing: they stay where they are and fade.
  const picture = async () => (await plot(page).screenshot()).toString('base64');
  await page.keyboard.press('Escape');
  const sure = await picture();
  await page.getByRole('slider', { name: 'Training after which the policy was asked' }).fill('0');
  await expect(page).toHaveURL(/samples=space-0/);
  await expect(page.getByText('400 points of 400 states of space-0')).toBeVisible();
  await expect.poll(async () => (await place()).map(Math.round)).toEqual(before.map(Math.round));
  const early = await check();
  expect(early).toBeLessThan(0.1);
  expect(late).toBeGreaterThan(0.6);
  expect(await picture()).not.toBe(sure);
  await page.getByLabel('opacity', { exact: true }).selectOption('confidence[min_max]');
  await expect(page).toHaveURL(/opacity=confidence(\[|%5B)min_max/);
  await page.getByLabel('colour', { exact: true }).selectOption('value');
  await expect(legend).toHaveAccessibleName('Colours: value');

  await expect(page).toHaveURL(/colour=value/);

  // A link has all of it, and the way back leads to the recorded steps.
  await page.reload();
  await drawn(page);
  await expect(map(page)).toHaveAttribute('data-points', '400');
  await expect(legend).toHaveAccessibleName('Colours: value');
  await page.getByRole('button', { name: 'recorded steps' }).click();
  await expect(map(page)).toHaveAttribute('data-points', '30');
});

test('States: what cannot be mapped says what to log, and errors come as they are', async ({ page }) => {
  const bare = await server.idOf('bare');
  await page.goto(`${server.url}/#/states?runs=${bare}`);
  await expect(page.getByRole('heading', { name: 'No episode of these runs was recorded' })).toBeVisible();
  await expect(page.getByText('eg.record(')).toBeVisible();
  const rooms = await server.idOf('rooms');
  await page.goto('about:blank');
  await page.goto(`${server.url}/#/states?runs=${rooms}&of=no_such_field`);
  await expect(page.getByRole('alert')).toContainText('no_such_field');
});

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`States: nothing that axe objects to, ${scheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await open(server, page, 'rooms', '&colour=value');
      await holdFirst(page);
      await expect(page.locator('[data-neighbour]')).toHaveCount(15);
      await page.locator('summary').first().click();
      await page.getByLabel('pictures of the states').check();
      await expect.poll(() => pictures(page)).toBeGreaterThanOrEqual(3);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    });
  }
}
