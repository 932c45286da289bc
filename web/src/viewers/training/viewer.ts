import type { Viewer } from '../viewer';

export const training: Viewer = {
  name: 'training',
  title: 'Training',
  doc: 'Curves of the runs that are shown',
  icon: 'curve',
  key: 't',
  load: () => import('./Training.svelte'),
};
