import type { Viewer } from '../viewer';

export const overview: Viewer = {
  name: 'overview',
  title: 'Overview',
  doc: 'One run at a glance, in panels of your choice',
  icon: 'panels',
  key: 'o',
  load: () => import('./Overview.svelte'),
};
