import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

test.describe('viewers of a folder', () => {
  let server: OwnServer;
  test.beforeAll(async () => {
    server = await OwnServer.onEmptyFolder();
    await server.log('log_linear.py');
  });
  test.afterAll(() => server.dispose());

  async function open(page: Page, request: APIRequestContext, name: string, more = '') {
    const run = await server.idOf(name);
    await page.goto(`${server.url}/#/replay?run=${run}&episode=0&step=2${more}`);
  }
  const scene = (page: Page) => page.getByRole('region', { name: 'Scene' });

  test('R-14: a plug-in that is dropped into the folder appears and follows the playhead; without one there is no card', async ({
    page,
    request,
  }) => {
    const viewers = join(server.root, 'viewers');
    await rm(viewers, { recursive: true, force: true });
    await open(page, request, 'wide');
    await expect(page.getByRole('region', { name: 'Why' })).toBeVisible();
    await expect(scene(page)).toHaveCount(0);
    await cp(local('../../examples/plugins'), viewers, { recursive: true });
    await page.reload();
    // It is for any environment, so it waits to be chosen.
    await expect(scene(page).getByRole('combobox')).toHaveValue('none');
    await scene(page).getByRole('combobox').selectOption('phase_plot');
    const frame = scene(page).locator('iframe');
    await expect(frame).toHaveAttribute('data-plugin-step', '2');
    const inside = page.frameLocator('iframe[data-plugin]');
    // Names of a log are text there, too.
    await expect(inside.getByLabel('across')).toContainText('sensor 1');
    await page.keyboard.press('ArrowRight');
    await expect(frame).toHaveAttribute('data-plugin-step', '3');
  });

  test('N-4: the documented example is told what speaks for the target, and draws it', async ({
    page,
    request,
  }) => {
    await cp(local('../../examples/plugins'), join(server.root, 'viewers'), { recursive: true });
    await open(page, request, 'LunarLander', '&scene=lunar_lander&target=0');
    const frame = scene(page).locator('iframe');
    await expect(frame).toHaveAttribute('data-plugin-step', '2');
    const inside = page.frameLocator('iframe[data-plugin]');
    await expect(inside.locator('p')).toContainText('x -0.36');
    const paint = () => inside.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const plain = await paint();
    await page.keyboard.press('s');
    await expect(scene(page)).toContainText('coloured by what speaks for the target');
    await expect.poll(paint).not.toBe(plain);
  });

  test('A-19: a plug-in has no origin and no network, and what is wrong with one is said', async ({
    page,
    request,
  }) => {
    const viewers = join(server.root, 'viewers');
    await rm(viewers, { recursive: true, force: true });
    await mkdir(join(viewers, 'curious'), { recursive: true });
    await mkdir(join(viewers, 'broken'), { recursive: true });
    await writeFile(
      join(viewers, 'broken', 'manifest.json'),
      '{"title": "Broken", "module": "../secret.js"}',
    );
    await writeFile(
      join(viewers, 'curious', 'manifest.json'),
      JSON.stringify({ title: 'Curious', module: 'viewer.js', fields: ['observation'] }),
    );
    await writeFile(
      join(viewers, 'curious', 'viewer.js'),
      `export default async (body) => {
        const tried = { origin: String(origin) };
        const attempt = async (name, act) => { try { await act(); tried[name] = 'done'; } catch { tried[name] = 'refused'; } };
        await attempt('fetch', () => fetch('/api/runs'));
        await attempt('parent', () => parent.document.title);
        await attempt('storage', () => localStorage.length);
        await attempt('image', () => new Promise((resolve, reject) => { const i = new Image(); i.onload = resolve; i.onerror = reject; i.src = '/favicon.svg'; }));
        body.textContent = JSON.stringify(tried);
        return { update({ step }) { if (step === 4) throw new Error('four is <b>odd</b>'); } };
      };`,
    );
    const asked: string[] = [];
    await open(page, request, 'wide', '&scene=curious');
    await expect(scene(page).locator('iframe')).toHaveAttribute('data-plugin-step', '2');
    page.on('request', (one) => asked.push(one.url()));
    await expect(page.frameLocator('iframe[data-plugin]').locator('body')).toContainText('"origin":"null"');
    await expect(page.frameLocator('iframe[data-plugin]').locator('body')).toContainText(
      '"fetch":"refused","parent":"refused","storage":"refused","image":"refused"',
    );
    await expect(scene(page)).toContainText('expected the plain name of a file');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect(scene(page).getByRole('alert')).toContainText('four is <b>odd</b>');
    const policy = (await request.get(`${server.url}/plugin_frame.html`)).headers()[
      'content-security-policy'
    ];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('sandbox allow-scripts');
    expect((await request.get(`${server.url}/api/plugins/..%2Fsecret/module`)).status()).toBe(404);
  });

  test('R-14: CartPole in three dimensions is built in, and its parts are coloured by attribution', async ({
    page,
    request,
  }) => {
    await rm(join(server.root, 'viewers'), { recursive: true, force: true });
    await open(page, request, 'CartPole');
    const drawing = scene(page).getByRole('img');
    await expect(drawing).toHaveAttribute('data-scene-step', '2');
    await expect(drawing).toHaveAttribute('aria-label', /CartPole: cart 0\.36 m left of the middle/);
    const colours = () =>
      drawing.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set<string>();
        for (let i = 0; i < data.length; i += 4)
          if (data[i + 3] === 255) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
        return [...seen];
      });
    const coloured = (all: string[]) =>
      all.filter((colour) => {
        const [r, , b] = colour.split(',').map(Number);
        return Math.abs(r! - b!) > 60;
      }).length;
    await expect.poll(async () => (await colours()).length).toBeGreaterThan(5);
    expect(coloured(await colours())).toBe(0);
    await page.keyboard.press('s');
    await expect.poll(async () => coloured(await colours())).toBeGreaterThan(0);
    // Looked at from elsewhere it is another picture.
    const before = await colours();
    const box = (await drawing.boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 260, box.y + 130);
    await page.mouse.up();
    await expect.poll(colours).not.toEqual(before);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations).toEqual([]);
  });
});
