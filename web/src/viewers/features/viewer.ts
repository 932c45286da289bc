import type { Viewer } from '../viewer';

export const features: Viewer = {
  name: 'features',
  title: 'Features',
  doc: 'What a layer has learned, as pictures',
  icon: 'layers',
  key: 'f',
  load: () => import('./Features.svelte'),
};
