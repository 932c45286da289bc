import type { Client } from '../api/client';
import { columnNamed, doubles, type Columns } from '../api/columns';
import { nearestEpisode, type CurvePlace, type EpisodeStarts, type EpisodeStep } from './nearest_episode';

/** The episodes of one run as columns, ascending by episode. */
export interface EpisodeTable extends EpisodeStarts {
  /** Sum of the rewards so far. */
  episodeReturn: Float64Array;
  /** Wall time at reset, microseconds since 1970. */
  startedUs: Float64Array;
  /** 1 where the episode has ended. */
  ended: Float64Array;
  /** 1 where it was played to evaluate rather than to train. */
  evaluation: Float64Array;
}

const MEMBERS = [
  'episode',
  'globalStep',
  'length',
  'recorded',
  'envIndex',
  'episodeReturn',
  'startedUs',
  'ended',
  'evaluation',
] as const;

/** The tables of episodes of all runs, each read once and then only from its first open episode on. */
export class EpisodeTables {
  readonly #client: Client;
  readonly #known = new Map<string, { revision: number; table: Promise<EpisodeTable> }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The episodes of a run as of `revision` or later. Throws `ApiError`. */
  of(run: string, revision: number): Promise<EpisodeTable> {
    const known = this.#known.get(run);
    if (known && known.revision >= revision) return known.table;
    const entry = { revision, table: this.#read(run, known?.table) };
    this.#known.set(run, entry);
    entry.table.catch(() => {
      if (this.#known.get(run) === entry) this.#known.delete(run);
    });
    return entry.table;
  }

  /** The recorded episode behind a point of a curve, with the step in it; null when none was recorded. */
  async nearest(run: string, revision: number, at: CurvePlace): Promise<EpisodeStep | null> {
    return nearestEpisode(await this.of(run, revision), at);
  }

  async #read(run: string, before: Promise<EpisodeTable> | undefined): Promise<EpisodeTable> {
    const known = await before?.catch(() => undefined);
    const from = known ? firstOpen(known) : 0;
    const fresh = tableOf(await this.#client.episodes(run, from > 0 ? { from } : {}));
    return known ? joined(known, fresh, from) : fresh;
  }
}

/** Index of the first episode that may still change. */
export function firstOpen(table: EpisodeTable): number {
  const row = table.ended.indexOf(0);
  if (row >= 0) return table.episode[row];
  return table.episode.length > 0 ? table.episode[table.episode.length - 1] + 1 : 0;
}

/** Rows of `known` before episode `from`, then those of `fresh`. */
export function joined(known: EpisodeTable, fresh: EpisodeTable, from: number): EpisodeTable {
  let kept = known.episode.findIndex((episode) => episode >= from);
  if (kept < 0) kept = known.episode.length;
  const result = {} as EpisodeTable;
  for (const member of MEMBERS) {
    const column = new Float64Array(kept + fresh[member].length);
    column.set(known[member].subarray(0, kept));
    column.set(fresh[member], kept);
    result[member] = column;
  }
  return result;
}

function tableOf(columns: Columns): EpisodeTable {
  const numbers = (name: string) => doubles(columnNamed(columns, name));
  return {
    episode: numbers('episode'),
    globalStep: numbers('global_step'),
    length: numbers('length'),
    recorded: numbers('recorded'),
    envIndex: numbers('env_index'),
    episodeReturn: numbers('episode_return'),
    startedUs: numbers('started_us'),
    evaluation: numbers('evaluation'),
    ended: Float64Array.from(columnNamed(columns, 'end').text ?? [], (end) => (end === 'open' ? 0 : 1)),
  };
}
