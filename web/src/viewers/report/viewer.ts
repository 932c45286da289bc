import type { Viewer } from '../viewer';

export const report: Viewer = {
  name: 'report',
  title: 'Report',
  doc: 'What the report has, and what it was made of',
  icon: 'text',
  key: 'o',
  load: () => import('./Report.svelte'),
};
