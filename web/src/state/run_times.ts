import type { RunSummary } from '../api/wire';

/** Seconds from start to end, or to `nowUs` while it runs, or to the last sign of life of one that crashed. */
export function secondsOf(run: RunSummary, nowUs: number): number | null {
  const end = run.ended_us ?? (run.state === 'running' ? nowUs : run.heartbeat_us);
  return run.created_us && end ? Math.max(0, (end - run.created_us) / 1e6) : null;
}
