import type { PanelKind } from '../kind';
import { nameIn } from '../names';

export const scatter: PanelKind = {
  name: 'scatter',
  title: 'Scatter',
  doc: 'One member of episodes against another',
  icon: 'scatter',
  inputs: [
    { name: 'y', label: 'Vertical', type: 'field', from: ['episode'] },
    { name: 'x', label: 'Horizontal', type: 'field', from: ['episode'] },
    { name: 'colour', label: 'Colour', type: 'field', from: ['episode'], words: true, optional: true },
    { name: 'logX', label: 'Logarithmic horizontally', type: 'switch', initial: false },
    { name: 'logY', label: 'Logarithmic vertically', type: 'switch', initial: false },
  ],
  size: [6, 9],
  titleOf: ({ x, y, colour }) => `${nameIn(y)} against ${nameIn(x)}${colour ? ` by ${nameIn(colour)}` : ''}`,
  hasTable: true,
  load: () => import('./ScatterPanel.svelte'),
};
