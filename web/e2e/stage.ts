import { expect, type Page } from '@playwright/test';

/** The place of the picture on Replay. */
export const stage = (page: Page) => page.locator('figure [data-picture]');

/** The step whose picture is on the canvas. */
export const shownStep = async (page: Page) => Number(await stage(page).getAttribute('data-step'));

/** Waits until the picture of `step` is on the canvas. */
export async function shown(page: Page, step: number): Promise<void> {
  await expect(stage(page)).toHaveAttribute('data-picture', 'shown');
  await expect(stage(page)).toHaveAttribute('data-step', String(step));
}

/** Goes to a step by its number, and waits for its picture. */
export async function goTo(page: Page, step: number): Promise<void> {
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.getByRole('spinbutton', { name: 'Go to step' }).fill(String(step));
  await page.keyboard.press('Enter');
  await shown(page, step);
}

/** A number that tells one picture from another. */
export function hashOfCanvas(page: Page): Promise<number> {
  return stage(page)
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let hash = 0x811c9dc5;
      for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193);
      return hash >>> 0;
    });
}

/** The picture on the canvas: its size, and red, green, blue and alpha of the pixels asked for. */
export async function pixels(page: Page, places: readonly [x: number, y: number][]) {
  return stage(page)
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement, at) => {
      const context = canvas.getContext('2d')!;
      const of = ([x, y]: readonly [number, number]) => [...context.getImageData(x, y, 1, 1).data];
      return { width: canvas.width, height: canvas.height, rgba: at.map(of) };
    }, places);
}

/** Every step that comes on the canvas while `act` runs, in their order. */
export async function stepsWhile(page: Page, act: () => Promise<void>): Promise<number[]> {
  const observer = await stage(page).evaluateHandle((place: HTMLElement) => {
    const steps: number[] = [Number(place.dataset.step)];
    const seen = new MutationObserver(() => steps.push(Number(place.dataset.step)));
    seen.observe(place, { attributeFilter: ['data-step'] });
    return { steps, seen };
  });
  await act();
  const steps = await observer.evaluate(({ steps, seen }) => {
    seen.disconnect();
    return steps;
  });
  await observer.dispose();
  return steps;
}
