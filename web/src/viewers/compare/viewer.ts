import type { Viewer } from '../viewer';

export const compare: Viewer = {
  name: 'compare',
  title: 'Compare',
  doc: 'Two to four episodes side by side, locked by step, by event or by time',
  icon: 'columns',
  key: 'c',
  load: () => import('./Compare.svelte'),
};
