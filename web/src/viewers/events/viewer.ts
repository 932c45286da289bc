import type { Viewer } from '../viewer';

export const events: Viewer = {
  name: 'events',
  title: 'Events',
  doc: 'Moments worth a look, found by themselves: loops, surprises, high and low advantages',
  icon: 'pin',
  key: 'v',
  load: () => import('./Events.svelte'),
};
