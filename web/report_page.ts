import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, type Plugin, type Rolldown } from 'vite';

/** Where the report's own texts go; the server splits the page here. */
const PLACE = '<!--ethogram-report-->';

/** Workers of a single file are text in it, started from a blob. */
const workersWithin: Plugin = {
  name: 'ethogram-workers-within',
  enforce: 'pre',
  async resolveId(source, importer) {
    if (!source.endsWith('?worker')) return null;
    return this.resolve(`${source}&inline`, importer, { skipSelf: true });
  },
};

/**
 * Writes `report.html` beside the app: its pages, styles and workers in one file that opens from a disk, into which the server
 * (`ethogram_server::report`) puts the answers that a report has.
 */
export function reportPage(): Plugin {
  let folder = '';
  return {
    name: 'ethogram-report-page',
    apply: 'build',
    configResolved({ root, build: { outDir } }) {
      folder = join(root, outDir);
      if (outDir.startsWith('/')) folder = outDir;
    },
    async closeBundle() {
      writeFileSync(join(folder, 'report.html'), await page());
    },
  };
}

async function page(): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [workersWithin, svelte()],
    build: {
      target: 'es2022',
      write: false,
      cssCodeSplit: false,
      modulePreload: false,
      rolldownOptions: {
        input: 'src/main_report.ts',
        output: { format: 'iife', codeSplitting: false },
      },
    },
  })) as Rolldown.RolldownOutput | Rolldown.RolldownOutput[];
  const outputs = (Array.isArray(built) ? built : [built]).flatMap(({ output }) => output);
  const script = outputs.flatMap((one) => (one.type === 'chunk' ? [one.code] : []));
  const style = outputs.flatMap((one) =>
    one.type === 'asset' && one.fileName.endsWith('.css') ? [String(one.source)] : [],
  );
  const others = outputs.filter((one) => one.type === 'asset' && !one.fileName.endsWith('.css'));
  if (script.length !== 1 || others.length > 0) {
    throw new Error(
      `report.html must be one file, found ${outputs.map(({ fileName }) => fileName).join(', ')}`,
    );
  }
  // An end tag in a text of the program would end the program.
  const code = script[0]!.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  const theme = readFileSync('public/theme.js', 'utf8');
  const icon = Buffer.from(readFileSync('public/icon.svg')).toString('base64');
  const hashes = [theme, code].map(
    (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(' ')} 'wasm-unsafe-eval'`,
    // The decoder of pictures reads its own program from an address of this kind; no network is reached by it.
    'connect-src data:',
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    'media-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    '<title>Ethogram report</title>',
    `<link rel="icon" type="image/svg+xml" href="data:image/svg+xml;base64,${icon}">`,
    `<script>${theme}</script>`,
    `<style>${style.join('\n').replaceAll('</style', '<\\/style')}</style>`,
    '</head>',
    '<body>',
    '<div id="app"></div>',
    '<noscript>Ethogram draws its pages with JavaScript; please allow it for this file.</noscript>',
    PLACE,
    `<script>${code}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
