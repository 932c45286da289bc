import { expect, it } from 'vitest';

import { runSummary } from '../../testing/run_summary';
import { secondsOf } from './run_times';

it('times a run to its end, to now, or to its last sign of life', () => {
  const at = { id: 'x', created_us: 1e6, heartbeat_us: 5e6 };
  expect(secondsOf(runSummary({ ...at, ended_us: 4e6 }), 9e6)).toBe(3);
  expect(secondsOf(runSummary({ ...at, state: 'running' }), 9e6)).toBe(8);
  expect(secondsOf(runSummary({ ...at, state: 'crashed' }), 9e6)).toBe(4);
});
