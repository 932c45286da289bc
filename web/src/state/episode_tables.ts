import type { Client } from '../api/client';
import { columnNamed, doubles, type Columns } from '../api/columns';
import type { EpisodeEnd, Json } from '../api/wire';
import { nearestEpisode, type CurvePlace, type EpisodeStarts, type EpisodeStep } from './nearest_episode';

/** The episodes of one run as columns, ascending by episode: what curves need of them. */
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

/** All that is known of the episodes of one run. NaN and null where nothing was logged. */
export interface FullEpisodeTable extends EpisodeTable {
  seed: Float64Array;
  /** Wall time at the end, microseconds since 1970. */
  endedUs: Float64Array;
  /** Global step of the weights in force. */
  checkpoint: Float64Array;
  /** The return as the environment counts it. */
  envReturn: Float64Array;
  /** Index into [`ENDS`]. */
  end: Float64Array;
  agent: readonly (string | null)[];
  /** What else was logged with the episode. */
  extra: readonly (Readonly<Record<string, Json>> | null)[];
}

/** Every way an episode stands; its position is its number in `end`. */
export const ENDS: readonly EpisodeEnd[] = ['open', 'terminated', 'truncated', 'both', 'unknown'];

/** Columns of numbers, and what each is called on the wire. */
const NUMBERS = {
  episode: 'episode',
  globalStep: 'global_step',
  length: 'length',
  recorded: 'recorded',
  envIndex: 'env_index',
  episodeReturn: 'episode_return',
  startedUs: 'started_us',
  evaluation: 'evaluation',
  seed: 'seed',
  endedUs: 'ended_us',
  checkpoint: 'checkpoint',
  envReturn: 'env_return',
} as const;

type Told = keyof typeof NUMBERS;
/** A member of the table that holds numbers. */
export type NumberColumn = Told | 'end' | 'ended';

const TOLD = Object.keys(NUMBERS) as Told[];
export const NUMBER_COLUMNS: readonly NumberColumn[] = [...TOLD, 'end', 'ended'];

/** The tables of episodes of all runs, each read once and then only from its first open episode on. */
export class EpisodeTables {
  readonly #client: Client;
  readonly #known = new Map<string, { revision: number; table: Promise<FullEpisodeTable> }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The episodes of a run as of `revision` or later. Throws `ApiError`. */
  of(run: string, revision: number): Promise<FullEpisodeTable> {
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

  async #read(run: string, before: Promise<FullEpisodeTable> | undefined): Promise<FullEpisodeTable> {
    const known = await before?.catch(() => undefined);
    const from = known ? firstOpen(known) : 0;
    const fresh = tableOf(await this.#client.episodes(run, from > 0 ? { from } : {}));
    return known ? joined(known, fresh, from) : fresh;
  }
}

/** Whether the episode in a row ended and somebody counted it: what only a film stands for has neither length nor return. */
export function hasOutcome(
  table: Pick<EpisodeTable, 'ended' | 'length' | 'episodeReturn'>,
  row: number,
): boolean {
  return table.ended[row] === 1 && (table.length[row] > 0 || !Number.isNaN(table.episodeReturn[row]));
}

/** Index of the first episode that may still change. */
export function firstOpen(table: EpisodeTable): number {
  const row = table.ended.indexOf(0);
  if (row >= 0) return table.episode[row];
  return table.episode.length > 0 ? table.episode[table.episode.length - 1] + 1 : 0;
}

/** Rows of `known` before episode `from`, then those of `fresh`. */
export function joined(known: FullEpisodeTable, fresh: FullEpisodeTable, from: number): FullEpisodeTable {
  let kept = known.episode.findIndex((episode) => episode >= from);
  if (kept < 0) kept = known.episode.length;
  const numbers = NUMBER_COLUMNS.map((member) => {
    const column = new Float64Array(kept + fresh[member].length);
    column.set(known[member].subarray(0, kept));
    column.set(fresh[member], kept);
    return [member, column];
  });
  return {
    ...(Object.fromEntries(numbers) as Record<NumberColumn, Float64Array>),
    agent: [...known.agent.slice(0, kept), ...fresh.agent],
    extra: [...known.extra.slice(0, kept), ...fresh.extra],
  };
}

function tableOf(columns: Columns): FullEpisodeTable {
  const numbers = Object.fromEntries(
    TOLD.map((member) => [member, doubles(columnNamed(columns, NUMBERS[member]))]),
  ) as Record<Told, Float64Array>;
  const ends = columnNamed(columns, 'end').text ?? [];
  const extra = columnNamed(columns, 'extra').text ?? [];
  return {
    ...numbers,
    end: Float64Array.from(ends, (end) => {
      const known = ENDS.indexOf(end as EpisodeEnd);
      return known < 0 ? ENDS.indexOf('unknown') : known;
    }),
    ended: Float64Array.from(ends, (end) => (end === 'open' ? 0 : 1)),
    agent: columnNamed(columns, 'agent').text ?? [],
    extra: extra.map(members),
  };
}

/** What a run says of itself is not trusted to be an object. */
function members(text: string | null): Record<string, Json> | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
