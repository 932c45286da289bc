import type { PanelKind } from '../kind';
import { namesIn } from '../names';

export const steps: PanelKind = {
  name: 'steps',
  title: 'Steps',
  doc: 'Fields over the steps of one episode',
  icon: 'steps',
  inputs: [
    { name: 'fields', label: 'Fields', type: 'fields', from: ['step'], max: 8 },
    {
      name: 'which',
      label: 'Episode',
      type: 'choice',
      options: [
        ['playhead', 'the one in view, else the latest recorded'],
        ['latest', 'the latest recorded'],
        ['best', 'the recorded one with the best return'],
      ],
    },
  ],
  size: [6, 8],
  titleOf: ({ fields }) => namesIn(fields),
  hasTable: true,
  load: () => import('./StepsPanel.svelte'),
};
