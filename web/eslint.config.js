import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/** What a folder may not import, so that a value walks one way: api → state → viewer → chart → pixel. */
const forbid = (files, group, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'test-results', 'playwright-report'] },
  ...tseslint.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, svelteConfig } },
  },
  {
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off', // bounds are checked where sizes come from outside
      'svelte/no-navigation-without-resolve': 'off', // the router is our own; there is no SvelteKit
      'svelte/prefer-svelte-reactivity': 'off', // values that are replaced whole ($state.raw, $derived) are plain Maps and Sets
    },
  },
  forbid(
    ['src/charts/**'],
    ['**/api/*', '**/state/*', '**/viewers/**', '**/ui/*'],
    'charts know neither RL nor state: pass columns in, report by callback',
  ),
  forbid(['src/api/**'], ['**/state/*', '**/viewers/**', '**/charts/*', '**/ui/*'], 'api knows only HTTP'),
  forbid(
    ['src/ui/**'],
    ['**/api/*', '**/state/*', '**/viewers/**', '**/charts/*'],
    'ui is told everything by props',
  ),
  forbid(['src/state/**'], ['**/viewers/**', '**/charts/*', '**/ui/*'], 'state knows only api and theme'),
);
