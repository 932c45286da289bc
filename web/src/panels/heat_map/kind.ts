import type { PanelKind } from '../kind';
import { nameIn } from '../names';

export const heatMap: PanelKind = {
  name: 'heat_map',
  title: 'Heat map',
  doc: 'The entries of an array over training',
  icon: 'heat',
  inputs: [
    { name: 'field', label: 'Field', type: 'field', from: ['tensor'] },
    {
      name: 'colours',
      label: 'Colours',
      type: 'choice',
      options: [
        ['auto', 'two where there are values below and above zero'],
        ['diverging', 'two, from zero'],
        ['sequential', 'one, from the smallest to the largest'],
      ],
    },
  ],
  size: [6, 10],
  titleOf: ({ field }) => nameIn(field),
  hasTable: true,
  load: () => import('./HeatMapPanel.svelte'),
};
