import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

import { reportPage } from './report_page.ts';

/** Where `npm run dev` finds the API: an `ethogram serve` on this machine. */
const server = process.env.ETHOGRAM_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [svelte(), reportPage()],
  // Relative, so that one bundle works under any path and from a file.
  base: './',
  build: {
    target: 'es2022',
    // Everything is a file of its own: the server's policy lets nothing inline run.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
  // The machine's cores may be shared: a test that decodes every cut of a file must not fail for being late.
  test: { include: ['src/**/*.test.ts'], environment: 'node', css: true, testTimeout: 30_000 },
});
