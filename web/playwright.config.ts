import { defineConfig } from '@playwright/test';

/** Read in `make test-browser`; by hand: build the command and the demo runs first (`make demo-runs`). */
function setting(name: string, meaning: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: it must be ${meaning}. \`make test-browser\` sets it.`);
  return value;
}

const bin = setting('ETHOGRAM_BIN', 'the path of the `ethogram` command');
const runs = setting('ETHOGRAM_DEMO_RUNS', 'the folder of the demo runs');
/** A build of the app that is not yet in the command, for work on the app. */
const ui = process.env.ETHOGRAM_UI ? ` --ui "${process.env.ETHOGRAM_UI}"` : '';
const port = Number(process.env.ETHOGRAM_E2E_PORT ?? 4790);

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // The machine's cores also run the browser and the server.
  workers: 1,
  timeout: 60_000,
  // A machine that others use too may be late once; what fails thrice is broken. Locally every failure counts.
  retries: process.env.CI ? 2 : 0,
  expect: { timeout: 15_000 },
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--enable-precise-memory-info',
      ],
    },
  },
  webServer: {
    command: `"${bin}" serve "${runs}" --port ${port}${ui}`,
    url: `http://127.0.0.1:${port}/api/health`,
    stdout: 'pipe',
    timeout: 30_000,
  },
});
