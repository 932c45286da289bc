import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../../api/client';
import { ApiError } from '../../api/source';
import type { EnvSpec, EpisodeDetail, Failure, FieldEntry } from '../../api/wire';
import { isOpen } from '../../state/episode_ends';
import { ExtentStore } from '../../replay/extents';
import type { FramePool } from '../../replay/frame_pool';
import { FrameSource } from '../../replay/frame_source';
import { isPicture } from '../../replay/picture';
import type { PictureSource } from '../../replay/picture_source';
import { RowPictures } from '../../replay/row_pictures';
import { RowStore, type FetchRows } from '../../replay/row_store';
import { rowsOf, stepColumn, type StepColumn } from '../../replay/step_column';
import type { Thumbnail } from '../../workers/frame_paint';
import { boundsOf, elementsOf, rolesOf, type Roles } from './roles';

/** The derived field that averages another. */
const TREND_FIELD = 'smooth';

/** Larger pictures are shrunk as they are decoded: no screen shows more, and a group of them would fill the memory. */
const SIDE_MAX = 2048;

/** Name of an average in `Session.trends`. */
export function trendKey(name: string, window: number): string {
  return `${window} ${name}`;
}

/** One open episode: what it is, and its fields as far as the page has asked for them. */
export class Session {
  readonly run: string;
  readonly episode: number;
  readonly env: EnvSpec | null;
  detail = $state.raw<EpisodeDetail>()!;
  readonly roles: Roles = $derived.by(() => rolesOf(this.detail.fields, this.env));
  /** What can be looked at as a picture, the rendered frame first. */
  readonly pictures: FieldEntry[] = $derived.by(() => {
    const rows = this.detail.fields.filter((field) => !field.image && isPicture(field));
    const rank = ({ name }: FieldEntry) => ['frame', 'observation'].indexOf(name) >>> 0;
    return [...this.roles.images, ...rows].toSorted((a, b) => rank(a) - rank(b));
  });
  /** Whole columns of scalar fields, by name, as they came. */
  readonly columns = new SvelteMap<string, StepColumn>();
  /** Fields that could not be had, and why. */
  readonly errors = new SvelteMap<string, Failure>();
  /** Moving averages as they came, by `trendKey`. */
  readonly trends = new SvelteMap<string, StepColumn>();
  /** Counts arrivals of rows and frames, for what is drawn from them. */
  arrivals = $state(0);
  /** Small pictures of the whole episode, by step. */
  readonly thumbnails = new Map<number, Thumbnail>();
  /** Resolves once the first picture is on the screen, at once where there is none: what can wait, waits for it. */
  readonly firstPicture: Promise<void>;
  /** Tells that a picture is on the screen. */
  pictureShown!: () => void;
  /** Called with every arrival, to draw again. */
  onarrival: () => void = () => undefined;

  /** How far fields reach over the whole episode. */
  readonly extents: ExtentStore;

  readonly #client: Client;
  readonly #pool: FramePool;
  readonly #abort = new AbortController();
  readonly #rows = new Map<string, RowStore>();
  readonly #frames = new Map<string, FrameSource>();
  readonly #rowPictures = new Map<string, RowPictures>();
  readonly #wanted = new Set<string>();
  readonly #wantedTrends = new Map<string, { name: string; window: number }>();
  #batch: string[] = [];

  constructor(client: Client, pool: FramePool, run: string, detail: EpisodeDetail, env: EnvSpec | null) {
    this.#client = client;
    this.#pool = pool;
    this.run = run;
    this.episode = detail.episode.episode;
    this.env = env;
    this.detail = detail;
    this.extents = new ExtentStore(
      (name, signal) => client.extents(run, this.episode, name, signal),
      () => this.#arrived(),
    );
    this.firstPicture = new Promise((resolve) => (this.pictureShown = resolve));
    if (this.pictures.length === 0) this.pictureShown();
  }

  /** Rows that were recorded. */
  get count(): number {
    return this.detail.steps;
  }

  /** It goes on if its run does. */
  get isOpen(): boolean {
    return isOpen(this.detail.episode);
  }

  field(name: string): FieldEntry | undefined {
    return this.detail.fields.find((field) => field.name === name);
  }

  /** Asks for whole columns of scalar fields; those asked for in one turn travel together. */
  need(names: readonly string[]): void {
    const fresh = names.filter((name) => !this.#wanted.has(name) && this.field(name));
    if (fresh.length === 0) return;
    if (this.#batch.length === 0) queueMicrotask(() => void this.#load(this.#batch.splice(0)));
    for (const name of fresh) {
      this.#wanted.add(name);
      this.#batch.push(name);
    }
  }

  /** Asks for the average of the last `window` steps of a field; the server computes it. */
  needTrend(name: string, window: number): void {
    const key = trendKey(name, window);
    if (this.#wantedTrends.has(key) || !this.field(name) || !this.field(TREND_FIELD)) return;
    this.#wantedTrends.set(key, { name, window });
    void this.#loadTrend(key, { name, window });
  }

  /** Asks again for columns that failed. */
  retry(): void {
    const failed = [...this.errors.keys()];
    for (const name of failed) this.#wanted.delete(name);
    this.errors.clear();
    this.need(failed);
  }

  /** The rows of a wide field; of a derived one with these parameters. */
  rows(name: string, params: Record<string, number> = {}): RowStore | null {
    const key = Object.entries(params).reduce((key, [param, value]) => `${key}&${param}=${value}`, name);
    const known = this.#rows.get(key);
    if (known) return known;
    const field = this.field(name);
    if (!field || field.image) return null;
    const fetchRows = this.#fetchRows(name, params);
    const store = new RowStore(this.count, elementsOf(field), fetchRows, () => this.#arrived());
    this.#rows.set(key, store);
    return store;
  }

  /** The pictures of a field that is one of `pictures`. */
  picture(field: FieldEntry): PictureSource {
    if (field.image) return this.frames(field.name);
    let source = this.#rowPictures.get(field.name);
    if (!source) {
      const bounds = boundsOf(this.env?.observation_space, field.name, 0);
      source = new RowPictures(
        field,
        this.rows(field.name)!,
        field.name.startsWith('observation') ? bounds : null,
        this.#fetchRows(field.name),
      );
      this.#rowPictures.set(field.name, source);
    }
    return source;
  }

  /** The reader looks at this picture: the run's next episode will open with it. */
  looksAt(name: string): void {
    this.#pool.imageOfRun.set(this.run, name);
  }

  /** The pictures of an image field. */
  frames(name: string): FrameSource {
    let source = this.#frames.get(name);
    if (!source) {
      source = framesOf(this.#client, this.#pool, this, name, this.count);
      this.#own(name, source);
    }
    return source;
  }

  /** Takes over pictures that were asked for before it was known what the episode holds. */
  adopt(name: string, source: FrameSource): void {
    if (source.error || !this.field(name)?.image) {
      source.close();
      return;
    }
    source.grow(this.count);
    this.#own(name, source);
    this.#arrived();
  }

  /** The episode grew: asks again for what depends on its length. */
  grow(detail: EpisodeDetail): void {
    const grew = detail.steps > this.count || detail.episode.end !== this.detail.episode.end;
    this.detail = detail;
    if (!grew) return;
    for (const source of this.#frames.values()) source.grow(detail.steps);
    for (const store of this.#rows.values()) store.grow(detail.steps);
    this.extents.grow();
    void this.#load([...this.#wanted]);
    for (const [key, trend] of this.#wantedTrends) void this.#loadTrend(key, trend);
    this.#arrived();
  }

  close(): void {
    this.#abort.abort();
    for (const source of this.#frames.values()) source.close();
    for (const store of this.#rows.values()) store.close();
    this.extents.close();
  }

  #fetchRows(name: string, params: Record<string, number> = {}): FetchRows {
    const named = Object.entries(params).map(([param, value]) => [`${name}.${param}`, value]);
    return async (from, to, signal) => {
      const options = {
        from,
        to,
        params: Object.fromEntries(named),
        signal: AbortSignal.any([signal, this.#abort.signal]),
      };
      const { columns, first, errors } = await this.#client.fields(this.run, this.episode, [name], options);
      if (errors[name]) throw new ApiError(422, errors[name]);
      return rowsOf(columns, name, first);
    };
  }

  #own(name: string, source: FrameSource): void {
    source.onchange = () => this.#arrived();
    this.#frames.set(name, source);
  }

  async #load(names: string[]): Promise<void> {
    if (names.length === 0) return;
    const { signal } = this.#abort;
    try {
      const { columns, first, errors } = await this.#client.fields(this.run, this.episode, names, { signal });
      for (const name of names) {
        const error = errors[name];
        if (error) this.errors.set(name, error);
        else this.columns.set(name, stepColumn(columns, name, first));
      }
    } catch (error) {
      if (signal.aborted) return;
      const body =
        error instanceof ApiError
          ? { code: error.code, message: error.message, hint: error.hint }
          : { code: 'broken', message: error instanceof Error ? error.message : String(error) };
      for (const name of names) if (!this.columns.has(name)) this.errors.set(name, body);
    }
    this.#arrived();
  }

  async #loadTrend(key: string, { name, window }: { name: string; window: number }): Promise<void> {
    const params = {
      [`${TREND_FIELD}.field`]: name,
      [`${TREND_FIELD}.method`]: 'rolling',
      [`${TREND_FIELD}.window`]: window,
    };
    const { signal } = this.#abort;
    try {
      const answer = await this.#client.fields(this.run, this.episode, [TREND_FIELD], { params, signal });
      if (answer.errors[TREND_FIELD]) return;
      this.trends.set(key, stepColumn(answer.columns, TREND_FIELD, answer.first));
    } catch {
      // An average is a help to the eye: the curve itself tells what is wrong. It may be asked for again.
      this.#wantedTrends.delete(key);
    }
    this.#arrived();
  }

  #arrived(): void {
    this.arrivals += 1;
    this.onarrival();
  }
}

/** The pictures of one field of an episode, of which `count` rows are known to be there. */
export function framesOf(
  client: Client,
  { cache, decoder }: FramePool,
  { run, episode }: { run: string; episode: number },
  name: string,
  count: number,
): FrameSource {
  return new FrameSource({
    series: `${run}/${episode}/${name}`,
    count,
    cache,
    decoder,
    side: SIDE_MAX,
    fetch: (from, to, signal) => client.frames(run, episode, name, { from, to }, signal),
  });
}
