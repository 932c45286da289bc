import type { PanelKind } from '../kind';
import { nameIn } from '../names';

export const distribution: PanelKind = {
  name: 'distribution',
  title: 'Distribution',
  doc: 'How values are spread, and how that changes over training',
  icon: 'histogram',
  inputs: [
    {
      name: 'field',
      label: 'Field',
      type: 'field',
      from: ['distribution', 'tensor', 'scalar', 'episode'],
      members: ['episode_return', 'length'],
    },
    {
      name: 'view',
      label: 'Drawn as',
      type: 'choice',
      options: [
        ['strip', 'a strip over training, and bars'],
        ['ridges', 'a ridgeline: one behind the other'],
      ],
    },
    {
      name: 'scale',
      label: 'Heights are',
      type: 'choice',
      options: [
        ['fraction', 'fraction of the values'],
        ['count', 'count'],
        ['density', 'density'],
      ],
    },
    {
      name: 'bins',
      label: 'Bins (0: as they were logged, else 64)',
      type: 'number',
      min: 0,
      max: 512,
      step: 1,
      initial: 0,
    },
  ],
  size: [6, 10],
  titleOf: ({ field }) => nameIn(field),
  hasTable: true,
  load: () => import('./DistributionPanel.svelte'),
};
