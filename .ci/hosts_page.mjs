// What `.ci/test-hosts` runs on the watching host: a browser opens the page of a live run and looks at it until its standard input ends.
// A line of JSON for each change of what the page shows: `says` (the line's state), `value` (newest value of the chart of `x`); and once
// `first_chart_ms`. At the end `failed`: requests that failed, and why. In none is it asked again: what the page does, it does by itself.
//
//     node hosts_page.mjs ADDRESS
import { createRequire } from 'node:module';

const require = createRequire(new URL('../web/package.json', import.meta.url));
const { chromium } = require('@playwright/test');

const tell = (what) => process.stdout.write(`${JSON.stringify({ ...what, at: Date.now() })}\n`);

let over = false;
process.stdin.on('end', () => (over = true)).resume();

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-proxy-server',
    '--disable-background-networking',
  ],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
const failed = [];
page.on('requestfailed', (request) => {
  const why = request.failure()?.errorText ?? '';
  // A newer question takes the place of one that is under way.
  if (why !== 'net::ERR_ABORTED') failed.push({ path: new URL(request.url()).pathname, why, at: Date.now() });
});
page.on('response', (response) => {
  const path = new URL(response.url()).pathname;
  if (response.status() >= 400) failed.push({ path, why: String(response.status()), at: Date.now() });
});

const began = Date.now();
await page.goto(`${process.argv[2]}#/training?smooth=0`, {
  timeout: 120_000,
  waitUntil: 'commit',
});
const look = () =>
  page.evaluate(() => {
    const chart = [...document.querySelectorAll('article')].find((article) =>
      article.querySelector('canvas'),
    );
    const says = ['Live', 'Reconnecting'].find((text) =>
      [...document.querySelectorAll('body *')].some(
        (node) => !node.children.length && node.textContent?.trim() === text,
      ),
    );
    const numbers = [...(chart?.querySelectorAll('*') ?? [])]
      .filter((node) => !node.children.length)
      .map((node) => node.textContent?.trim().replace(/[\s,\u2009\u202f]/g, '') ?? '')
      .filter((text) => /^\d+$/.test(text))
      .map(Number);
    return { says, value: numbers.length ? Math.max(...numbers) : undefined };
  });
let shown = {};
let charted = false;
while (!over) {
  const now = await look().catch(() => ({}));
  if (!charted && now.value !== undefined) {
    charted = true;
    tell({ first_chart_ms: Date.now() - began });
  }
  if (now.says !== shown.says || now.value !== shown.value) tell((shown = now));
  await new Promise((resolve) => setTimeout(resolve, 100));
}
if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
tell({ failed });
await browser.close();
