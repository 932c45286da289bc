// What tests of States see of the page, and the runs they look at.
import { join } from 'node:path';

import { expect, type Page } from '@playwright/test';

import { OwnServer } from './own_server';

/** The script that logs runs for these tests, a scenario each time. */
export const SCRIPT = join(import.meta.dirname, 'log_states.py');

/** A server of its own on runs of these scenarios. */
export async function serverOn(scenarios: readonly string[]): Promise<OwnServer> {
  const server = await OwnServer.onEmptyFolder();
  for (const scenario of scenarios) {
    await server.log('log_states.py', scenario);
  }
  return server;
}

export const map = (page: Page) => page.locator('[data-map]');
export const plot = (page: Page) => page.locator('[data-painted]');
export const progress = (page: Page) => page.locator('[data-phase]');
export const held = (page: Page) => page.locator('[data-held]');
export const visible = async (page: Page) => Number(await plot(page).getAttribute('data-visible'));
export const pictures = async (page: Page) => Number(await plot(page).getAttribute('data-pictures'));

/** Opens the page on a run of this test's server and waits for the first points. */
export async function open(server: OwnServer, page: Page, name: string, rest = ''): Promise<string> {
  const run = await server.idOf(name);
  await page.goto(`${server.url}/#/states?runs=${run}${rest}`);
  await drawn(page);
  return run;
}

export async function drawn(page: Page): Promise<void> {
  await expect(plot(page)).toHaveAttribute('data-painted', /dots|density/, { timeout: 60_000 });
  await expect(progress(page)).toHaveAttribute('data-phase', /done|running|stopped/, { timeout: 60_000 });
}

/** Holds the first point that stands out. */
export async function holdFirst(page: Page): Promise<number> {
  await plot(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('n');
  await expect(held(page)).toBeVisible();
  return Number(await held(page).getAttribute('data-held'));
}

/** Drags through parts of the map. */
export async function drag(page: Page, path: readonly (readonly [number, number])[]): Promise<void> {
  const box = (await plot(page).boundingBox())!;
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(path[0]));
  await page.mouse.down();
  for (const corner of path.slice(1)) await page.mouse.move(...at(corner), { steps: 4 });
  await page.mouse.up();
}

/** Page, episode and step of the address; a step that is left out is the first. */
export function moment(page: Page): [string, string | null, string] {
  const [place, query] = new URL(page.url()).hash.replace('#/', '').split('?');
  const params = new URLSearchParams(query);
  return [place, params.get('episode'), params.get('step') ?? '0'];
}

export const WHOLE = [
  [0.02, 0.02],
  [0.98, 0.98],
] as const;
