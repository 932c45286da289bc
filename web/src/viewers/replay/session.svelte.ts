import { SvelteMap } from 'svelte/reactivity';

import type { Client } from '../../api/client';
import { ApiError } from '../../api/source';
import type { EnvSpec, EpisodeDetail, ErrorBody, FieldEntry } from '../../api/wire';
import { ExtentStore } from '../../replay/extents';
import { FrameCache } from '../../replay/frame_cache';
import { FrameDecoder } from '../../replay/frame_decoder';
import { FrameSource } from '../../replay/frame_source';
import { RowStore } from '../../replay/row_store';
import { rowsOf, stepColumn, type StepColumn } from '../../replay/step_column';
import type { Thumbnail } from '../../workers/frame_paint';
import FrameWorker from '../../workers/frame_worker?worker';
import { elementsOf, rolesOf, type Roles } from './roles';

/** Bytes of decoded frames that are kept, over all episodes. */
const FRAME_BYTES_MAX = 96 * 1024 * 1024;

/** Decoder and frames outlive an episode: going back to one finds its frames. */
export class FramePool {
  readonly cache = new FrameCache(FRAME_BYTES_MAX);
  readonly decoder: FrameDecoder;
  readonly #worker = new FrameWorker({ name: 'frames' });

  constructor() {
    this.decoder = new FrameDecoder(this.#worker);
  }

  close(): void {
    this.#worker.terminate();
  }
}

/** One open episode: what it is, and its fields as far as the page has asked for them. */
export class Session {
  readonly run: string;
  readonly episode: number;
  readonly env: EnvSpec | null;
  detail = $state.raw<EpisodeDetail>()!;
  readonly roles: Roles = $derived.by(() => rolesOf(this.detail.fields, this.env));
  /** Whole columns of scalar fields, by name, as they came. */
  readonly columns = new SvelteMap<string, StepColumn>();
  /** Fields that could not be had, and why. */
  readonly errors = new SvelteMap<string, ErrorBody>();
  /** Counts arrivals of rows and frames, for what is drawn from them. */
  arrivals = $state(0);
  /** Small pictures of the whole episode, by step. */
  readonly thumbnails = new Map<number, Thumbnail>();
  /** Resolves once the first picture is on the screen: what can wait, waits for it. */
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
  readonly #wanted = new Set<string>();
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
  }

  /** Rows that were recorded. */
  get count(): number {
    return this.detail.steps;
  }

  get isLive(): boolean {
    return this.detail.episode.end === 'open';
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
    const fetchRows = async (from: number, to: number, signal: AbortSignal) => {
      const { columns, first, errors } = await this.#client.fields(this.run, this.episode, [name], {
        from,
        to,
        signal,
        params: Object.fromEntries(
          Object.entries(params).map(([param, value]) => [`${name}.${param}`, value]),
        ),
      });
      if (errors[name]) throw new ApiError(422, errors[name]);
      return rowsOf(columns, name, first);
    };
    const store = new RowStore(this.count, elementsOf(field), fetchRows, () => this.#arrived());
    this.#rows.set(key, store);
    return store;
  }

  /** The pictures of an image field. */
  frames(name: string): FrameSource {
    let source = this.#frames.get(name);
    if (!source) {
      source = new FrameSource({
        series: `${this.run}/${this.episode}/${name}`,
        count: this.count,
        cache: this.#pool.cache,
        decoder: this.#pool.decoder,
        fetch: (from, to, signal) =>
          this.#client.frames(
            this.run,
            this.episode,
            name,
            { from, to },
            AbortSignal.any([signal, this.#abort.signal]),
          ),
        onchange: () => this.#arrived(),
      });
      this.#frames.set(name, source);
    }
    return source;
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
    this.#arrived();
  }

  close(): void {
    this.#abort.abort();
    for (const source of this.#frames.values()) source.close();
    for (const store of this.#rows.values()) store.close();
    this.extents.close();
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

  #arrived(): void {
    this.arrivals += 1;
    this.onarrival();
  }
}
