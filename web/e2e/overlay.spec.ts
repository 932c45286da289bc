import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

test.describe('overlays of one’s own', () => {
  let server: OwnServer;
  test.beforeAll(async () => {
    server = await OwnServer.onEmptyFolder();
    await server.log('log_overlay.py');
    await cp(local('../../examples/plugins/overlay'), join(server.root, 'viewers', 'overlay'), {
      recursive: true,
    });
  });
  test.afterAll(() => server.dispose());

  test('B-8: what a function drew is a picture of Replay, and the template draws the field over the frame', async ({
    page,
  }) => {
    const run = await server.idOf('overlaid');
    await page.goto(
      `${server.url}/#/replay?run=${run}&episode=0&step=2&image=overlay/brightness/picture&scene=overlay`,
    );
    const pictures = page.getByRole('group', { name: 'Picture', exact: true });
    await expect(pictures.getByRole('button')).toHaveText([
      'frame',
      'overlay/brightness/picture',
      'overlay/brightness',
    ]);
    const chosen = pictures.getByRole('button', { name: 'overlay/brightness/picture' });
    await expect(chosen).toHaveAttribute('aria-pressed', 'true');
    const frame = page.getByRole('region', { name: 'Scene' }).locator('iframe');
    await expect(frame).toHaveAttribute('data-plugin-step', '2');
    const inside = page.frameLocator('iframe[data-plugin]');
    await expect(inside.locator('p')).toContainText('overlay/brightness, up to');
    // Bright places become warm, dark ones cold.
    const colourAt = (x: number, y: number) =>
      inside
        .locator('canvas')
        .evaluate(
          (canvas: HTMLCanvasElement, [x, y]) => [...canvas.getContext('2d')!.getImageData(x, y, 1, 1).data],
          [x, y],
        );
    const [warm, cold] = [await colourAt(20, 12), await colourAt(60, 40)];
    expect(warm[0]).toBeGreaterThan(warm[2] + 20);
    expect(cold[2]).toBeGreaterThan(cold[0] + 20);
    const before = await colourAt(18, 12);
    await page.keyboard.press('ArrowRight');
    await expect(frame).toHaveAttribute('data-plugin-step', '3');
    expect(await colourAt(18, 12)).not.toEqual(before);
  });
});
