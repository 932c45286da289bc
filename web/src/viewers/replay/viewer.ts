import type { Viewer } from '../viewer';

export const replay: Viewer = {
  name: 'replay',
  title: 'Replay',
  doc: 'One episode, step by step',
  icon: 'play',
  key: 'p',
  load: () => import('./Replay.svelte'),
  prime: () => void import('./Replay.svelte').then(({ prime }) => prime()),
};
