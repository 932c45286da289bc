import type { Viewer } from '../viewer';

export const episodes: Viewer = {
  name: 'episodes',
  title: 'Episodes',
  doc: 'All episodes of a run; recorded ones play',
  icon: 'table',
  key: 'e',
  load: () => import('./Episodes.svelte'),
};
