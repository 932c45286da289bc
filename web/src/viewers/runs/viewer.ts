import type { Viewer } from '../viewer';

export const runs: Viewer = {
  name: 'runs',
  title: 'Runs',
  doc: 'All runs, live ones first',
  icon: 'list',
  key: 'r',
  load: () => import('./Runs.svelte'),
};
