import type { PanelKind } from '../kind';

export const runCard: PanelKind = {
  name: 'run_card',
  title: 'Run',
  doc: 'Environment, configuration, checkpoints and code of the run',
  icon: 'list',
  inputs: [],
  size: [4, 8],
  titleOf: () => 'Run',
  load: () => import('./RunCardPanel.svelte'),
};
