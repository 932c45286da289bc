import type { Client } from '../api/client';
import { columnNamed, doubles, type Columns } from '../api/columns';
import { nearestEpisode, type EpisodeStarts } from './nearest_episode';

/** Finds the episode behind a point of a curve. */
export class EpisodeTables {
  readonly #client: Client;
  readonly #tables = new Map<string, { revision: number; table: Promise<EpisodeStarts> }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Where the recorded episodes of a run start, as of `revision`; asked for once a revision. */
  starts(run: string, revision: number): Promise<EpisodeStarts> {
    const known = this.#tables.get(run);
    if (known && known.revision >= revision) return known.table;
    const table = this.#client.episodes(run).then(startsOf);
    this.#tables.set(run, { revision, table });
    table.catch(() => this.#tables.delete(run));
    return table;
  }

  /** The recorded episode nearest to a place on the axis of a curve, with the step in it; null when none was recorded. */
  async nearest(run: string, revision: number, at: { axis: 'global_step' | 'episode'; value: number }) {
    return nearestEpisode(await this.starts(run, revision), at);
  }
}

function startsOf(columns: Columns): EpisodeStarts {
  const numbers = (name: string) => doubles(columnNamed(columns, name));
  return {
    episode: numbers('episode'),
    globalStep: numbers('global_step'),
    length: numbers('length'),
    recorded: numbers('recorded'),
    envIndex: numbers('env_index'),
  };
}
