import { isSeries } from '../../api/series';
import { Throttle } from '../../api/throttle';
import type { App } from '../../state/app.svelte';
import { EpisodeSet, type RunEpisodes } from '../../state/episode_set';
import type { ScalarValues } from './fields';

/** A growing run is asked for its new episodes at most this often; less often when each answer is much work. */
const GROW_MS = 700;
const GROW_LARGE_MS = 1500;
const LARGE_ROWS = 20_000;
/** Points of one curve in one answer that are not summarised. */
const EXACT_MAX = 10_000;

export interface WantedRun {
  id: string;
  name: string;
  isRunning: boolean;
  revision: number;
}

/** The episodes of the runs that a page shows, kept up to date, and scalars on the episode axis. */
export class EpisodesData {
  /** Null until the first answer for these runs. */
  set = $state.raw<EpisodeSet | null>(null);
  /** Why episodes of a run could not be read; null when all could. */
  error = $state.raw<unknown>(null);
  /** Why scalars could not be read. */
  scalarError = $state.raw<unknown>(null);
  scalars = $state.raw<ReadonlyMap<string, ScalarValues>>(new Map());
  readonly #app: App;
  #wanted: readonly WantedRun[] = [];
  #tags: readonly string[] = [];
  /** Runs and revisions that `scalars` were read at. */
  #scalarsOf = '';
  #load = new Throttle(() => this.#read(), GROW_MS);
  #slow = false;

  constructor(app: App) {
    this.#app = app;
  }

  /** Says which runs are shown; call it whenever that changes or one grew. */
  want(runs: readonly WantedRun[]): void {
    const same = runs.length === this.#wanted.length && runs.every(({ id }, i) => id === this.#wanted[i].id);
    this.#wanted = runs;
    if (!same) {
      this.set = null;
      this.error = this.scalarError = null;
      this.scalars = new Map();
      this.#scalarsOf = '';
      // Not after the interval that growth keeps: other runs were chosen.
      this.#load.cancel();
    }
    this.#load.request();
  }

  /** Says which scalars on the episode axis are needed. */
  wantScalars(tags: readonly string[]): void {
    if (tags.join('\n') === this.#tags.join('\n')) return;
    this.#tags = tags;
    this.#scalarsOf = '';
    this.#load.request();
  }

  retry(): void {
    this.#load.request();
  }

  dispose(): void {
    this.#wanted = [];
    this.#load.cancel();
  }

  async #read(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted.length === 0) return;
    const key = (runs: readonly WantedRun[]) => runs.map(({ id }) => id).join('\n');
    let error: unknown = null;
    const read = wanted.map(async ({ id, name, isRunning, revision }): Promise<RunEpisodes | null> => {
      try {
        return { run: id, name, isRunning, table: await this.#app.episodes.of(id, revision) };
      } catch (why) {
        error = why;
        return null;
      }
    });
    const runs = (await Promise.all(read)).filter((one) => one !== null);
    if (key(wanted) !== key(this.#wanted)) return;
    this.error = error;
    if (runs.length === 0) return;
    const before = this.set?.runs;
    const same =
      before?.length === runs.length &&
      before.every((one, i) => one.table === runs[i].table && one.isRunning === runs[i].isRunning);
    if (!same) this.set = new EpisodeSet(runs);
    this.#pace();
    await this.#readScalars(wanted);
  }

  #pace(): void {
    const slow = (this.set?.rows ?? 0) > LARGE_ROWS;
    if (slow === this.#slow) return;
    this.#slow = slow;
    this.#load = new Throttle(() => this.#read(), slow ? GROW_LARGE_MS : GROW_MS);
  }

  async #readScalars(wanted: readonly WantedRun[]): Promise<void> {
    const tags = this.#tags;
    const of = [...tags, ...wanted.map(({ id, revision }) => `${id} ${revision}`)].join('\n');
    if (tags.length === 0 || of === this.#scalarsOf) return;
    this.#scalarsOf = of;
    try {
      const entries = await Promise.all(
        tags.map(async (tag) => [tag, await this.#scalar(tag, wanted)] as const),
      );
      if (of !== this.#scalarsOf) return;
      this.scalars = new Map(entries);
      this.scalarError = null;
    } catch (why) {
      if (of !== this.#scalarsOf) return;
      this.scalarError = why;
      // Asked for again when the run grows, or when somebody tries again.
      this.#scalarsOf = '';
    }
  }

  /** All points of one scalar, asked for in stretches that are sent as they were logged. */
  async #scalar(tag: string, runs: readonly WantedRun[]): Promise<ScalarValues> {
    const found = await Promise.all(
      runs.map(async ({ id }) => {
        const detail = this.#app.details
          .get(id)
          ?.scalars.find((one) => one.tag === tag && one.axis === 'episode');
        if (!detail) return null;
        const parts: { from: number; to: number }[] = [];
        for (let from = detail.first_step; from <= detail.last_step; from += EXACT_MAX) {
          parts.push({ from, to: from + EXACT_MAX });
        }
        const answers = await this.#app.client.series(
          parts.map((range) => ({ run: id, axis: 'episode', tag, ...range })),
          EXACT_MAX,
        );
        const series = answers.filter(isSeries);
        const join = (of: (one: (typeof series)[number]) => Float64Array) =>
          Float64Array.from(series.flatMap((one) => [...of(one)]));
        return [id, { episode: join((one) => one.step), value: join((one) => one.last) }] as const;
      }),
    );
    return new Map(found.filter((one) => one !== null));
  }
}
