import { expect, it } from 'vitest';

import { runSummary } from '../../../testing/run_summary';
import { configRows } from './config_rows';

it('puts what differs first, missing apart from null', () => {
  const rows = configRows([
    runSummary({ id: 'a', config: { b: 1, lr: 0.1, net: { width: 64, act: null } } }),
    runSummary({ id: 'b', config: { b: 1, lr: 0.2, net: { width: 64 } } }),
  ]);
  expect(rows).toEqual([
    { path: 'lr', values: [0.1, 0.2], differs: true },
    { path: 'net.act', values: [null, undefined], differs: true },
    { path: 'b', values: [1, 1], differs: false },
    { path: 'net.width', values: [64, 64], differs: false },
  ]);
});
