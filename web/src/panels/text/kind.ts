import type { PanelKind } from '../kind';

export const text: PanelKind = {
  name: 'text',
  title: 'Text',
  doc: 'A note of yours',
  icon: 'text',
  inputs: [{ name: 'text', label: 'Text', type: 'text', max: 4000, initial: '' }],
  size: [4, 4],
  titleOf: () => 'Note',
  load: () => import('./TextPanel.svelte'),
};
