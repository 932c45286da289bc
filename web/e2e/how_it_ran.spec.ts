import { expect, test } from '@playwright/test';

import { OwnServer } from './own_server';

let server: OwnServer;

test.beforeAll(async () => {
  server = await OwnServer.onEmptyFolder();
  await server.log('log_printed.py');
});
test.afterAll(() => server.dispose());

test('B-2: N-28: the app shows what a run printed, and the script that makes it again', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  const run = await server.idOf('talker');
  await page.goto(`${server.url}/#/overview?run=${run}`);
  const card = page.getByRole('region', { name: 'How it ran' });
  await card.getByRole('button', { name: 'Output' }).click();
  await expect(page).toHaveURL(/ran=stdout/);
  const printed = card.getByRole('region', { name: 'Printed to stdout' });
  await expect(printed).toHaveText(/step 0\nstep 1\nstep 2\nstep 3/);
  await card.getByRole('textbox', { name: 'Search what was printed' }).fill('STEP 2');
  await expect(printed).toHaveText('step 2');
  await expect(card.getByText('1 of 4 lines')).toBeVisible();
  await card.getByRole('button', { name: 'Errors' }).click();
  await expect(card.getByRole('region', { name: 'Printed to stderr' })).toHaveText('a warning');
  await card.getByRole('button', { name: 'Run it again' }).click();
  await expect(card.getByRole('region', { name: 'Script that makes the run again' })).toContainText(
    /exec "\$PYTHON" .*log_printed\.py/,
  );
  await card.getByRole('button', { name: 'Copy script' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toContain(`# Makes the run printed/${run} (talker) again.`);
});
