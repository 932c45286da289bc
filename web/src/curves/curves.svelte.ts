import { CursorLink } from '../charts/cursor_link';
import type { App } from '../state/app.svelte';
import { nearestOf } from '../state/nearest_episode';
import { EpisodeLens } from './episode_lens.svelte';
import type { RunLine } from './lines';
import { SeriesLoader } from './series_loader';
import type { ChartItem } from './tags';
import type { Domain } from './view';

/** What the charts of one page share: their requests, their cursors, the recorded episodes, and what a click on a point opens. */
export class Curves {
  readonly app: App;
  readonly loader: SeriesLoader;
  readonly lens: EpisodeLens;
  /** Cursors of the charts of one domain. */
  readonly links: Record<Domain, CursorLink> = {
    global_step: new CursorLink(),
    episode: new CursorLink(),
    time: new CursorLink(),
    relative: new CursorLink(),
  };
  /** Id of the line that is brought out in all charts. */
  front = $state<string | null>(null);

  constructor(app: App) {
    this.app = app;
    this.loader = new SeriesLoader(app.client);
    this.lens = new EpisodeLens(app.episodes);
  }

  /** Opens the recorded episode nearest to a point of a line. Resolves to why it could not, null when it did. */
  async open(item: ChartItem, line: RunLine, step: number): Promise<string | null> {
    const { episodes, runs, playhead } = this.app;
    const place = { axis: item.axis === 'episode' ? 'episode' : 'global_step', value: step } as const;
    try {
      const all = await Promise.all(
        line.runs.map(async ({ id: run }) => {
          const found = await episodes.nearest(run, runs.revisions.get(run) ?? 0, place);
          return found && { ...found, run };
        }),
      );
      const found = nearestOf(all);
      if (!found)
        return `No episode of ${line.label} was recorded step by step. Pass a schedule to eg.record to keep some.`;
      playhead.open('replay', { run: found.run, episode: found.episode, step: found.step });
      return null;
    } catch (error) {
      return `The episodes of ${line.label} could not be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  dispose(): void {
    this.lens.dispose();
  }
}
