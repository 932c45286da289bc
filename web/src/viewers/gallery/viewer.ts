import type { Viewer } from '../viewer';

export const gallery: Viewer = {
  name: 'gallery',
  title: 'Gallery',
  doc: 'Recorded episodes through training, playing together',
  icon: 'grid',
  key: 'l',
  load: () => import('./Gallery.svelte'),
};
