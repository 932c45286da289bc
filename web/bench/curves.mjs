// Training with many runs and charts in a real browser under software rendering. Prints a line of JSON a measure.
// Usage: node curves.mjs URL [LIVE_SECONDS]; the server must serve the runs of bench/curves_runs.py.
import { chromium } from '@playwright/test';

const [url, liveSeconds = '0'] = process.argv.slice(2);
const FRAMES = 90;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--enable-precise-memory-info', '--js-flags=--expose-gc'],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
page.on('pageerror', (error) => {
  console.error(error);
  process.exitCode = 1;
});

await page.addInitScript(() => {
  // What moves without anybody having touched anything, as the browser itself counts it.
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  /** Distances of frames while `act` is called once in each. */
  window.frames = async (count, act) => {
    const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const times = [];
    let last = await nextFrame();
    for (let i = 0; i < count; i += 1) {
      act(i);
      const now = await nextFrame();
      times.push(now - last);
      last = now;
    }
    return times;
  };
  /** Every chart that is on the screen shows lines. */
  window.drawn = () => {
    const charts = [...document.querySelectorAll('article')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.top < innerHeight && box.bottom > 0;
    });
    return (
      charts.length > 0 &&
      charts.every((one) => {
        const canvas = one.querySelector('canvas.line-below');
        const { width, height } = canvas ?? { width: 0, height: 0 };
        if (width === 0 || height === 0) return false;
        const some = canvas.getContext('2d').getImageData(Math.round(width / 3), 0, 2, height).data;
        // Grid lines are pale; a line is not.
        for (let i = 0; i < some.length; i += 4) {
          const [red, green, blue, alpha] = some.subarray(i, i + 4);
          if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) return true;
        }
        return false;
      })
    );
  };
});

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const late = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)];
const print = (name, value) => console.log(JSON.stringify({ name, value }));

/** From the address to the first frame in which all charts on the screen show their lines, in ms. */
async function firstPicture(hash) {
  await page.goto('about:blank');
  await page.goto(url + hash, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.drawn?.(), undefined, { polling: 'raf', timeout: 60_000 });
  return page.evaluate(() => performance.now());
}

async function interact(prefix) {
  await page.waitForTimeout(1500);
  const box = await page.locator('article canvas.line-above').first().boundingBox();
  const at = { left: box.x + 60, top: box.y + 60, width: box.width - 90 };
  // Events are made in the page: those of the driver come at its own pace.
  const measure = (body) =>
    page.evaluate(
      ({ body, at, count }) => {
        const target = document.elementFromPoint(at.left + 40, at.top);
        const send = (type, x, over = {}) =>
          target.dispatchEvent(
            new (type === 'wheel' ? WheelEvent : PointerEvent)(type, {
              bubbles: true,
              cancelable: true,
              clientX: x,
              clientY: at.top,
              pointerId: 1,
              pointerType: 'mouse',
              ...over,
            }),
          );
        const act = new Function('i', 'send', 'at', 'count', body);
        return window.frames(count, (i) => act(i, send, at, count));
      },
      { body, at, count: FRAMES },
    );
  const runs = {
    hover: 'send("pointermove", at.left + (at.width * i) / count)',
    zoom: 'send("wheel", at.left + at.width / 2, { deltaY: i < count / 2 ? -12 : 12, ctrlKey: true })',
    pan: 'send("wheel", at.left + at.width / 2, { deltaX: i % 60 < 30 ? 6 : -6 })',
  };
  for (const [name, body] of Object.entries(runs)) {
    const times = await measure(body);
    print(`${prefix}${name}, median`, median(times));
    print(`${prefix}${name}, 95 %`, late(times));
    await page.waitForTimeout(400);
  }
  await page.keyboard.press('0');
}

// The table of runs says which they are.
const runs = await (await fetch(`${url}/api/runs`)).json();
const ids = runs.runs
  .filter(({ project, state }) => project === 'curves' && state !== 'running')
  .map(({ id }) => id);
const hash = `/#/training?runs=${ids.slice(0, 100).join(',')}`;
await firstPicture(hash);
print(
  'first picture',
  median([await firstPicture(hash), await firstPicture(hash), await firstPicture(hash)]),
);
await page.waitForTimeout(1000);
print('layout shift', await page.evaluate(() => window.shifts));
await interact('');

print('all lines, first picture', await firstPicture(`${hash}&group=none`));
await page.waitForTimeout(1000);
print('all lines, layout shift', await page.evaluate(() => window.shifts));
await interact('all lines, ');

if (Number(liveSeconds) > 0) {
  const growing = runs.runs.filter(({ project, state }) => project === 'curves' && state === 'running');
  const shown = [...growing.map(({ id }) => id), ...ids].slice(0, 100);
  await firstPicture(`/#/training?runs=${shown.join(',')}`);
  const heap = () =>
    page.evaluate(async () => {
      for (let i = 0; i < 3; i += 1) {
        window.gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return performance.memory.usedJSHeapSize / 2 ** 20;
    });
  await page.waitForTimeout(Number(liveSeconds) * 200);
  const before = await heap();
  const frames = page.evaluate(() => window.frames(600, () => {}));
  await page.waitForTimeout(Number(liveSeconds) * 800);
  const after = await heap();
  print('live, growing runs', growing.length);
  print('live, heap after a fifth', before);
  print('live, heap at the end', after);
  print('live, growth of the heap', after / before - 1);
  print('live, frame, 95 %', late(await frames));
  print('live, layout shift', await page.evaluate(() => window.shifts));
}
await browser.close();
