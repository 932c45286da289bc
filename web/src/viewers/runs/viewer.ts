import type { Viewer } from '../viewer';

export const runs: Viewer = {
  name: 'runs',
  title: 'Runs',
  doc: 'All runs, and which of them are shown',
  icon: 'list',
  key: 'r',
  load: () => import('./Runs.svelte'),
};
