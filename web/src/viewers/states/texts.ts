import type { App } from '../../state/app.svelte';
import { episodeLabel } from '../../state/episode_tags';

/** What each episode of a map can be found by: its run, number, title and tags, those that a script wrote included. Throws `ApiError`. */
export async function textsOf(
  app: App,
  runs: readonly string[],
  episodes: readonly { source: number; episode: number }[],
): Promise<string[]> {
  const tables = await Promise.all(runs.map((run) => app.episodes.of(run, app.runs.revisions.get(run) ?? 0)));
  const rows = tables.map((table) => new Map([...table.episode].map((episode, row) => [episode, row])));
  return episodes.map(({ source, episode }) => {
    const run = runs[source];
    const extra = tables[source]?.extra[rows[source]?.get(episode) ?? -1] ?? null;
    const label = episodeLabel(app.notes.get(run), episode, extra && JSON.stringify(extra));
    const name = app.runs.byId(run)?.name || run;
    return [name, `episode ${episode}`, label.title ?? '', ...label.tags].filter(Boolean).join(' ');
  });
}
