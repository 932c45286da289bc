import type { PanelKind } from '../kind';

export const episode: PanelKind = {
  name: 'episode',
  title: 'Episode',
  doc: 'A recorded episode, playing',
  icon: 'play',
  inputs: [
    {
      name: 'which',
      label: 'Episode',
      type: 'choice',
      options: [
        ['latest', 'the latest recorded'],
        ['best', 'the recorded one with the best return'],
        ['worst', 'the recorded one with the worst return'],
        ['playhead', 'the one in view, else the latest recorded'],
      ],
    },
  ],
  size: [4, 8],
  titleOf: ({ which }) =>
    which === 'best'
      ? 'Best episode'
      : which === 'worst'
        ? 'Worst episode'
        : which === 'playhead'
          ? 'Episode in view'
          : 'Latest episode',
  load: () => import('./EpisodePanel.svelte'),
};
