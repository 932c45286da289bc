import type { RunSummary } from '../src/api/wire';

/** For tests only: a run with everything that a test does not care about. */
export function runSummary(over: Partial<RunSummary> & { id: string }): RunSummary {
  return {
    name: over.id,
    project: 'default',
    format: 'ethogram',
    group: null,
    tags: [],
    notes: '',
    title: null,
    given_tags: [],
    state: 'finished',
    created_us: 0,
    heartbeat_us: 0,
    ended_us: null,
    global_step: null,
    episodes: 0,
    recorded: 0,
    filmed: 0,
    checkpoints: 0,
    config: {},
    env_id: null,
    summary: {},
    revision: 1,
    lost: 0,
    dropped: 0,
    fault: null,
    root: 'runs',
    ...over,
  };
}
