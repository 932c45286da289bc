import type { Viewer } from '../viewer';

export const states: Viewer = {
  name: 'states',
  title: 'States',
  doc: 'Maps of what the agent tells apart: PCA, UMAP and t-SNE of observations and activations',
  icon: 'scatter',
  key: 'm',
  load: () => import('./States.svelte'),
};
