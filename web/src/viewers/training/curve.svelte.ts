import { isSeries, type Series } from '../../api/client';
import { Throttle } from '../../api/throttle';
import type { SeriesQuery } from '../../api/wire';
import type { Extent } from '../../charts/series';
import type { XKind } from '../../charts/ticks';
import type { EpisodeTables } from '../../state/episode_tables';
import { pointsOfEpisodes, pointsOfSeries, stepRange, type EpisodeCurve, type Points } from './points';
import type { SeriesLoader } from './series_loader';
import type { ChartItem } from './tags';

/** A curve that grows is asked for at most this often. */
const RELOAD_INTERVAL_MS = 500;
/** Episodes come whole, so their curve is as fine when zoomed as it will ever be. */
const EPISODE_POINTS = 1500;

/** A run whose curve is wanted. */
export interface WantedRun {
  id: string;
  /** Newest revision heard of. */
  revision: number;
  /** Start, microseconds since 1970. */
  startUs: number;
}

/** What a chart wants to draw. */
export interface Want {
  runs: readonly WantedRun[];
  x: XKind;
  /** Part of x; null for all of it. */
  range: Extent | null;
  buckets: number;
}

interface Kept {
  revision: number;
  /** What was asked for. */
  key: string;
  points: Points;
}

/**
 * The points of one chart, for all its runs. Of a run that grew only that run is asked for again; a zoom shows the coarse points at once
 * and the fine ones when they come; an old answer never replaces a newer one.
 */
export class Curve {
  /** What to draw, by run. */
  points = $state.raw<ReadonlyMap<string, Points>>(new Map());
  /** Why the last request failed; null once one succeeded. */
  error = $state.raw<unknown>(null);
  /** False until something was answered. */
  loaded = $state(false);

  readonly #item: ChartItem;
  readonly #loader: SeriesLoader;
  readonly #episodes: EpisodeTables;
  readonly #reload = new Throttle(() => this.#load(), RELOAD_INTERVAL_MS);
  readonly #whole = new Map<string, Kept>();
  readonly #part = new Map<string, Kept>();
  #want: Want | null = null;
  #shape = '';

  constructor(item: ChartItem, loader: SeriesLoader, episodes: EpisodeTables) {
    this.#item = item;
    this.#loader = loader;
    this.#episodes = episodes;
  }

  /** Says what is wanted now; call it whenever that changes or a run grew. */
  want(want: Want): void {
    this.#want = want;
    const shape = JSON.stringify([want.runs.map((run) => run.id), want.x, want.range, want.buckets]);
    const grewOnly = shape === this.#shape;
    this.#shape = shape;
    if (grewOnly) {
      this.#reload.request();
    } else {
      // What is at hand is shown while the rest is asked for.
      this.#show();
      void this.#load();
    }
  }

  /** Stops asking. */
  dispose(): void {
    this.#want = null;
    this.#reload.cancel();
  }

  async #load(): Promise<void> {
    const want = this.#want;
    if (!want) return;
    try {
      if (this.#item.from === 'episodes') await this.#loadEpisodes(want);
      else await this.#loadSeries(want);
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.loaded = true;
    this.#show();
  }

  async #loadEpisodes(want: Want): Promise<void> {
    const curve = this.#item.tag as EpisodeCurve;
    const key = keyOf(want, true);
    await Promise.all(
      want.runs
        .filter((run) => isStale(this.#whole.get(run.id), run, key))
        .map(async (run) => {
          const points = pointsOfEpisodes(
            await this.#episodes.of(run.id, run.revision),
            curve,
            EPISODE_POINTS,
          );
          keep(this.#whole, run, key, points);
        }),
    );
  }

  async #loadSeries(want: Want): Promise<void> {
    const { range, buckets } = want;
    // Where a time lies in steps, only the whole curve can tell.
    const needsWhole = range === null || want.x !== 'step';
    if (needsWhole) {
      const stale = want.runs.filter((run) => isStale(this.#whole.get(run.id), run, keyOf(want, true)));
      await this.#ask(stale, buckets, keyOf(want, true), this.#whole, () => ({}));
    }
    if (range === null) return;
    const key = keyOf(want, false);
    const stale = want.runs.filter((run) => isStale(this.#part.get(run.id), run, key));
    await this.#ask(stale, Math.round(buckets * 1.4), key, this.#part, (run) => {
      const whole = this.#whole.get(run.id)?.points;
      return stepRange(range, want.x, whole ?? NO_POINTS, run.startUs);
    });
  }

  async #ask(
    runs: readonly WantedRun[],
    buckets: number,
    key: string,
    into: Map<string, Kept>,
    rangeOf: (run: WantedRun) => { from?: number; to?: number },
  ): Promise<void> {
    const { axis, tag } = this.#item;
    const queries: SeriesQuery[] = runs.map((run) => ({ run: run.id, axis, tag, ...rangeOf(run) }));
    const answers = await this.#loader.load(queries, buckets);
    if (this.#want && keyOf(this.#want, into === this.#whole) !== key) return;
    answers.forEach((answer, i) => {
      // A run may have lost the tag, or itself, since the page heard of it: then it has no points, which is what is drawn.
      keep(into, runs[i], key, isSeries(answer) ? pointsOfSeries(answer as Series) : NO_POINTS);
    });
  }

  #show(): void {
    const want = this.#want;
    if (!want) return;
    const key = keyOf(want, false);
    const shown = new Map<string, Points>();
    for (const { id } of want.runs) {
      const part = want.range === null ? undefined : this.#part.get(id);
      const kept = part?.key === key ? part : (this.#whole.get(id) ?? part);
      if (kept && kept.points.step.length > 0) shown.set(id, kept.points);
    }
    const before = this.points;
    const same = before.size === shown.size && [...shown].every(([id, points]) => before.get(id) === points);
    if (!same) this.points = shown;
  }
}

const NO_POINTS: Points = {
  step: new Float64Array(),
  timeUs: new Float64Array(),
  count: new Uint32Array(),
  min: new Float64Array(),
  max: new Float64Array(),
  mean: new Float64Array(),
};

/** What was asked for: the whole curve, or the part that is wanted. */
function keyOf(want: Want, whole: boolean): string {
  return whole ? String(want.buckets) : JSON.stringify([want.x, want.range, want.buckets]);
}

function isStale(kept: Kept | undefined, run: WantedRun, key: string): boolean {
  return !kept || kept.revision < run.revision || kept.key !== key;
}

/** Keeps an answer unless one to a newer question is there. */
function keep(into: Map<string, Kept>, run: WantedRun, key: string, points: Points): void {
  const before = into.get(run.id);
  if (before && before.key === key && before.revision > run.revision) return;
  into.set(run.id, { revision: run.revision, key, points });
}
