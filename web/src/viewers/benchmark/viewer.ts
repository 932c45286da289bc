import type { Viewer } from '../viewer';

export const benchmark: Viewer = {
  name: 'benchmark',
  title: 'Benchmark',
  doc: 'Algorithms over tasks and seeds, with what other seeds could have made of it',
  icon: 'intervals',
  key: 'b',
  load: () => import('./Benchmark.svelte'),
};
