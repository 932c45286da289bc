import { type APIRequestContext } from '@playwright/test';

/** What the tests need to know of a run, as the API says it. */
export interface Recorded {
  run: string;
  name: string;
  env: string;
  episode: number;
  end: string;
  length: number;
  steps: number;
  fields: { name: string; image: boolean; shape: number[]; origin: string }[];
}

/** A run as the server lists it. */
export interface Summary {
  id: string;
  name: string;
  project: string;
  env_id: string | null;
  global_step: number;
  episodes: number;
  recorded: number;
  summary: Record<string, number>;
}

/** Runs of the demo, as the server of all tests lists them. */
export async function runs(request: APIRequestContext): Promise<Summary[]> {
  const answer = await request.get('/api/runs');
  return ((await answer.json()) as { runs: Summary[] }).runs;
}

/** Every recorded episode of the runs whose name contains `name`, at most `limit` a run. Throws when there is none. */
export async function recordedEpisodes(
  request: APIRequestContext,
  name: string,
  limit = 8,
): Promise<Recorded[]> {
  const found: Recorded[] = [];
  for (const run of await runs(request)) {
    if (!run.name.includes(name) || run.recorded === 0) continue;
    let left = limit;
    // From the end: in a training run the recorded ones of a finished policy come last.
    for (let episode = run.episodes - 1; episode >= 0 && left > 0; episode -= 1) {
      const answer = await request.get(`/api/runs/${run.id}/episodes/${episode}`);
      if (!answer.ok()) continue;
      const detail = (await answer.json()) as {
        episode: { end: string; length: number; recorded: boolean };
        steps: number;
        fields: Recorded['fields'];
      };
      if (!detail.episode.recorded || detail.steps === 0) continue;
      left -= 1;
      const { end, length } = detail.episode;
      const { steps, fields } = detail;
      found.push({ run: run.id, name: run.name, env: run.env_id ?? '', episode, end, length, steps, fields });
    }
  }
  if (found.length === 0)
    throw new Error(`the demo runs hold no recorded episode of a run named like "${name}"`);
  return found;
}

/** The address of a moment. */
export function link({ run, episode }: Pick<Recorded, 'run' | 'episode'>, rest = ''): string {
  return `/#/replay?run=${run}&episode=${episode}${rest}`;
}
