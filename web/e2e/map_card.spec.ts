import { expect, test, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

test.describe.configure({ timeout: 180_000 });
// A graphics card that the processor plays: slow, but it draws what a card does.
test.use({
  launchOptions: {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--ignore-gpu-blocklist',
    ],
  },
});

let server: OwnServer;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_states.py', 'many');
});
test.afterAll(() => server.dispose());

const plot = (page: Page) => page.locator('[data-painted]');

/** Opens the map of 120,000 points; with `card` as if the card were one, else as if there were none. */
async function open(page: Page, card: boolean, rest: string): Promise<void> {
  await page.addInitScript((has) => {
    const context = Reflect.get(HTMLCanvasElement.prototype, 'getContext') as (
      kind: string,
      settings?: object,
    ) => unknown;
    HTMLCanvasElement.prototype.getContext = function (
      this: HTMLCanvasElement,
      kind: string,
      settings?: object,
    ) {
      if (kind !== 'webgl2') return context.call(this, kind, settings);
      return has ? context.call(this, kind, { ...settings, failIfMajorPerformanceCaveat: false }) : null;
    } as typeof HTMLCanvasElement.prototype.getContext;
    const parameter = Reflect.get(WebGL2RenderingContext.prototype, 'getParameter') as (
      which: number,
    ) => unknown;
    WebGL2RenderingContext.prototype.getParameter = function (
      this: WebGL2RenderingContext,
      which: number,
    ): unknown {
      // UNMASKED_RENDERER_WEBGL
      return which === 0x9246 ? 'a card' : parameter.call(this, which);
    };
  }, card);
  await page.goto(`${server.url}/#/states?points=200000${rest}`);
  await expect(plot(page)).toHaveAttribute('data-painted', 'density', { timeout: 60_000 });
  await expect(page.locator('[data-phase]')).toHaveAttribute('data-phase', 'done', { timeout: 60_000 });
  await expect(page.getByRole('group', { name: /^Colours/ })).toBeVisible();
  await page.mouse.move(2, 2);
}

/** Mean colour of each square of ten pixels of the map, 0 to 255. */
async function squares(page: Page): Promise<number[]> {
  await page.waitForTimeout(600);
  const png = (await plot(page).screenshot()).toString('base64');
  return page.evaluate(async (text) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${text}`;
    await picture.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [Math.floor(picture.width / 10), Math.floor(picture.height / 10)];
    const context = canvas.getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
  }, png);
}

for (const [name, rest] of [
  ['by action', ''],
  ['by a number, faded, one episode standing out', '&colour=value&opacity=entropy&at=RUN:3'],
  ['in three dimensions', '&dims=3'],
] as const) {
  test(`A-13: a graphics card draws the same density as the processor, ${name}`, async ({
    page,
    context,
  }) => {
    const at = rest.replace('RUN', await server.idOf('many'));
    await open(page, true, at);
    // The second canvas is the card's.
    await expect(plot(page).locator('canvas')).toHaveCount(3);
    await expect(plot(page).locator('canvas').nth(1)).toBeVisible();
    const byCard = await squares(page);
    const visible = await plot(page).getAttribute('data-visible');

    const other = await context.newPage();
    await open(other, false, at);
    await expect(plot(other).locator('canvas')).toHaveCount(2);
    expect(await plot(other).getAttribute('data-visible')).toBe(visible);
    const byProcessor = await squares(other);
    const apart = byCard.map((one, i) => Math.abs(one - byProcessor[i]!));
    expect(byCard.length).toBe(byProcessor.length);
    expect(Math.max(...byCard) - Math.min(...byCard)).toBeGreaterThan(60);
    expect(apart.reduce((sum, one) => sum + one, 0) / apart.length).toBeLessThan(1);
    expect(Math.max(...apart)).toBeLessThan(40);

    // Single points are the processor's again.
    await plot(page).focus();
    for (let i = 0; i < 30 && (await plot(page).getAttribute('data-painted')) === 'density'; i += 1) {
      await page.keyboard.press('+');
      await page.waitForTimeout(150);
    }
    await expect(plot(page)).toHaveAttribute('data-painted', 'dots');
    await expect(plot(page).locator('canvas').nth(1)).toBeHidden();
  });
}
