import { isSeries, type Series } from '../api/client';
import { Throttle } from '../api/throttle';
import type { SeriesQuery } from '../api/wire';
import type { Extent } from '../charts/series';
import type { XKind } from '../charts/ticks';
import type { EpisodeTables } from '../state/episode_tables';
import {
  pointsOfEpisodes,
  pointsOfGroup,
  pointsOfSeries,
  stepRange,
  type EpisodeCurve,
  type Points,
} from './points';
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

/** A line that is wanted: of one run, or of a group of runs. */
export interface WantedLine {
  id: string;
  runs: readonly WantedRun[];
  /** The runs are put together, even if there is only one. */
  grouped: boolean;
}

/** What a chart wants to draw. */
export interface Want {
  lines: readonly WantedLine[];
  x: XKind;
  /** Part of x; null for all of it. */
  range: Extent | null;
  buckets: number;
}

interface Kept {
  /** Of all runs of the line together: each only grows. */
  revision: number;
  /** What was asked for. */
  key: string;
  points: Points;
}

/**
 * The points of one chart, for all its lines. When a run grew only its line is asked for again; a zoom shows the coarse points at once
 * and the fine ones when they come; an old answer never replaces a newer one.
 */
export class Curve {
  /** What to draw, by line. */
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
    const shape = JSON.stringify([
      want.lines.map((line) => [line.id, membersOf(line)]),
      want.x,
      want.range,
      want.buckets,
    ]);
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
    await Promise.all(
      want.lines
        .filter((line) => isStale(this.#whole.get(line.id), line, keyOf(want, line, true)))
        .map(async (line) => {
          const tables = await Promise.all(
            line.runs.map(async ({ id, revision, startUs }) => ({
              table: await this.#episodes.of(id, revision),
              startUs,
            })),
          );
          const points = line.grouped
            ? pointsOfGroup(tables, curve, want.buckets, startOf(line))
            : pointsOfEpisodes(tables[0].table, curve, EPISODE_POINTS);
          keep(this.#whole, line, keyOf(want, line, true), points);
        }),
    );
  }

  async #loadSeries(want: Want): Promise<void> {
    const { range, buckets } = want;
    // Where a time lies in steps, only the whole curve can tell.
    const needsWhole = range === null || want.x !== 'step';
    if (needsWhole) await this.#ask(want, true, buckets, () => ({}));
    if (range === null) return;
    await this.#ask(want, false, Math.round(buckets * 1.4), (line) => {
      const whole = this.#whole.get(line.id)?.points;
      return stepRange(range, want.x, whole ?? NO_POINTS, startOf(line));
    });
  }

  /** Asks for the lines that are not at hand: whole, or the part that is wanted. */
  async #ask(
    want: Want,
    whole: boolean,
    buckets: number,
    rangeOf: (line: WantedLine) => { from?: number; to?: number },
  ): Promise<void> {
    const { axis, tag } = this.#item;
    const into = whole ? this.#whole : this.#part;
    const lines = want.lines.filter((line) => isStale(into.get(line.id), line, keyOf(want, line, whole)));
    const queries = lines.map((line): SeriesQuery => {
      const ids = line.runs.map((run) => run.id);
      return { ...(line.grouped ? { runs: ids } : { run: ids[0] }), axis, tag, ...rangeOf(line) };
    });
    const answers = await this.#loader.load(queries, buckets);
    answers.forEach((answer, i) => {
      const line = lines[i];
      const now = this.#want?.lines.find((other) => other.id === line.id);
      if (this.#want && (!now || keyOf(this.#want, now, whole) !== keyOf(want, line, whole))) return;
      // A run may have lost the tag, or itself, since the page heard of it: then it has no points, which is what is drawn.
      keep(
        into,
        line,
        keyOf(want, line, whole),
        isSeries(answer) ? pointsOfSeries(answer as Series) : NO_POINTS,
      );
    });
  }

  #show(): void {
    const want = this.#want;
    if (!want) return;
    const shown = new Map<string, Points>();
    for (const line of want.lines) {
      const { id } = line;
      const part = want.range === null ? undefined : this.#part.get(id);
      const kept = part?.key === keyOf(want, line, false) ? part : (this.#whole.get(id) ?? part);
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
function keyOf(want: Want, line: WantedLine, whole: boolean): string {
  return JSON.stringify([membersOf(line), want.buckets, ...(whole ? [] : [want.x, want.range])]);
}

/** Of which runs a group is; empty for the line of a run, whose id says it. */
function membersOf(line: WantedLine): string {
  return line.grouped ? line.runs.map((run) => run.id).join() : '';
}

/** Start of the first run, microseconds since 1970. */
function startOf(line: WantedLine): number {
  return Math.min(...line.runs.map((run) => run.startUs));
}

function revisionOf(line: WantedLine): number {
  return line.runs.reduce((sum, run) => sum + run.revision, 0);
}

function isStale(kept: Kept | undefined, line: WantedLine, key: string): boolean {
  return !kept || kept.revision < revisionOf(line) || kept.key !== key;
}

/** Keeps an answer unless one to a newer question is there. */
function keep(into: Map<string, Kept>, line: WantedLine, key: string, points: Points): void {
  const before = into.get(line.id);
  const revision = revisionOf(line);
  if (before && before.key === key && before.revision > revision) return;
  into.set(line.id, { revision, key, points });
}
