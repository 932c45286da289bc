import type { PanelKind } from '../kind';
import { namesIn } from '../names';

export const line: PanelKind = {
  name: 'line',
  title: 'Line',
  doc: 'Numbers over training, one line a run',
  icon: 'curve',
  inputs: [
    {
      name: 'tags',
      label: 'Fields',
      type: 'fields',
      from: ['scalar', 'episode'],
      members: ['episode_return', 'length', 'evaluation_return'],
      max: 16,
    },
    {
      name: 'x',
      label: 'Over',
      type: 'choice',
      options: [
        ['step', 'steps'],
        ['relative', 'time since the start'],
        ['time', 'the clock'],
      ],
    },
    { name: 'smoothing', label: 'Smoothing', type: 'number', min: 0, max: 0.999, step: 0.05, initial: 0.6 },
    {
      name: 'outliers',
      label: 'Leave out, % at each end',
      type: 'number',
      min: 0,
      max: 25,
      step: 1,
      initial: 0,
    },
    { name: 'log', label: 'Logarithmic', type: 'switch', initial: false },
  ],
  size: [4, 8],
  titleOf: ({ tags }) => namesIn(tags),
  hasTable: true,
  load: () => import('./LinePanel.svelte'),
};
