import type { PanelKind } from '../kind';
import { nameIn } from '../names';

export const sound: PanelKind = {
  name: 'sound',
  title: 'Sound',
  doc: 'An array with a sample rate beside it, to be heard',
  icon: 'sound',
  inputs: [{ name: 'field', label: 'Field', type: 'field', from: ['tensor'] }],
  size: [4, 5],
  titleOf: ({ field }) => nameIn(field),
  load: () => import('./SoundPanel.svelte'),
};
