import type { Viewer } from '../viewer';

export const network: Viewer = {
  name: 'network',
  title: 'Network',
  doc: 'Weights, gradients and activations through training, as pictures',
  icon: 'heat',
  key: 'n',
  load: () => import('./Network.svelte'),
};
