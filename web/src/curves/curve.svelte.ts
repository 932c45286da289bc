import { isSeries, type Series } from '../api/series';
import { Throttle } from '../api/throttle';
import type { SeriesQuery } from '../api/wire';
import type { Extent } from '../charts/series';
import type { EpisodeTables } from '../state/episode_tables';
import {
  NO_POINTS,
  pointsOfEpisodes,
  pointsOfGroup,
  pointsOfSeries,
  stepRange,
  type EpisodeCurve,
  type Points,
} from './points';
import type { SeriesLoader } from './series_loader';
import type { ChartItem } from './tags';
import type { XPlace } from './x_place';

/** A curve that grows is asked for at most this often. */
const RELOAD_INTERVAL_MS = 500;
/** A range that is being dragged is asked for once it holds still this long. */
const SETTLE_MS = 90;
/** Episodes come whole, so their curve is as fine when zoomed as it will ever be. */
const EPISODE_POINTS = 1500;
/** Of the width of a range, what is asked for beyond either end: a short way can be panned without asking. */
const BEYOND = 0.5;
/** Points that were asked for a wider range still do while the range is no narrower than this part of it. */
const FINE_ENOUGH = 0.6;

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
  x: XPlace;
}

/** What a chart wants to draw. */
export interface Want {
  lines: readonly WantedLine[];
  /** Part of x; null for all of it. */
  range: Extent | null;
  buckets: number;
  /** A part is drawn on from what was before it. */
  smoothed: boolean;
}

/** An answer that is at hand. */
interface Kept {
  /** Of all runs of the line together: each only grows. */
  revision: number;
  /** What was asked for. */
  key: string;
  members: string;
  points: Points;
}

interface KeptPart extends Kept {
  /** What x counted then. */
  kind: XPlace['kind'];
  /** Part of x that the points cover, and the range it was asked for. */
  covers: Extent;
  range: Extent;
  /** The points with the whole curve behind them, made once. */
  drawn: Points | null;
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
  readonly #part = new Map<string, KeptPart>();
  /** Whole lines that are on their way. */
  readonly #coming = new Map<string, Pick<Kept, 'revision' | 'key'> & { done: Promise<void> }>();
  #want: Want | null = null;
  #shape = '';
  #range: Extent | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(item: ChartItem, loader: SeriesLoader, episodes: EpisodeTables) {
    this.#item = item;
    this.#loader = loader;
    this.#episodes = episodes;
  }

  /** Says what is wanted now; call it whenever that changes or a run grew. */
  want(want: Want): void {
    this.#want = want;
    const shape = JSON.stringify([
      want.lines.map((line) => [line.id, membersOf(line), line.x.kind]),
      want.buckets,
      want.smoothed,
    ]);
    const [sameShape, sameRange] = [shape === this.#shape, sameExtent(want.range, this.#range)];
    this.#shape = shape;
    this.#range = want.range;
    if (sameShape && sameRange) {
      this.#reload.request();
      return;
    }
    // What is at hand is shown while the rest is asked for.
    this.#show();
    clearTimeout(this.#settling);
    if (sameShape && want.range) this.#settling = setTimeout(() => void this.#load(), SETTLE_MS);
    else void this.#load();
  }

  /** Stops asking. */
  dispose(): void {
    this.#want = null;
    clearTimeout(this.#settling);
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
        .filter((line) => isStale(this.#whole.get(line.id), line, keyOf(want, line)))
        .map(async (line) => {
          const tables = await Promise.all(
            line.runs.map(async ({ id, revision, startUs }) => ({
              table: await this.#episodes.of(id, revision),
              startUs,
            })),
          );
          const points = line.grouped
            ? pointsOfGroup(tables, curve, want.buckets, line.x.startUs)
            : pointsOfEpisodes(tables[0].table, curve, EPISODE_POINTS);
          if (isNewer(this.#whole.get(line.id), line, keyOf(want, line))) this.#keepWhole(want, line, points);
        }),
    );
  }

  async #loadSeries(want: Want): Promise<void> {
    const { range } = want;
    // Where a time lies in steps, and what an average begins with, only the whole curve can tell.
    const needsWhole = range === null || want.smoothed || want.lines.some(({ x }) => x.kind !== 'step');
    await Promise.all([
      needsWhole ? this.#askWhole(want) : null,
      range && want.lines.every(({ x }) => x.kind === 'step') ? this.#askParts(want, range) : null,
    ]);
    if (range && this.#want === want) await this.#askParts(want, range);
  }

  async #askWhole(want: Want): Promise<void> {
    const stale = want.lines.filter((line) => isStale(this.#whole.get(line.id), line, keyOf(want, line)));
    // What is on its way is not asked for twice, only waited for.
    const [lines, coming] = [[] as WantedLine[], new Set<Promise<void>>()];
    for (const line of stale) {
      const one = this.#coming.get(line.id);
      if (one && !isStale(one, line, keyOf(want, line))) coming.add(one.done);
      else lines.push(line);
    }
    const done = this.#ask(
      lines,
      want.buckets,
      () => ({}),
      (line, points) => {
        const key = keyOf(want, line);
        if (this.#isWanted(line, key) && isNewer(this.#whole.get(line.id), line, key))
          this.#keepWhole(want, line, points);
      },
    );
    const mine = lines.map((line) => {
      const one = { revision: revisionOf(line), key: keyOf(want, line), done };
      this.#coming.set(line.id, one);
      return [line.id, one] as const;
    });
    try {
      await Promise.all([done, ...coming]);
    } finally {
      for (const [id, one] of mine) if (this.#coming.get(id) === one) this.#coming.delete(id);
    }
  }

  #keepWhole(want: Want, line: WantedLine, points: Points): void {
    const [revision, key, members] = [revisionOf(line), keyOf(want, line), membersOf(line)];
    this.#whole.set(line.id, { revision, key, members, points });
  }

  /** Asks for a range, and what is near it, of the lines that have not enough of it. */
  async #askParts(want: Want, range: Extent): Promise<void> {
    const lines = want.lines.filter((line) => {
      const [part, whole] = [this.#part.get(line.id), this.#whole.get(line.id)];
      const key = keyOf(want, line);
      if (whole && isExact(whole.points) && !isStale(whole, line, key)) return false;
      return isStale(part, line, key) || part!.kind !== line.x.kind || !isEnough(part!, range);
    });
    const air = (range[1] - range[0]) * BEYOND;
    const covers: Extent = [range[0] - air, range[1] + air];
    await this.#ask(
      lines,
      Math.round(want.buckets * (1 + 2 * BEYOND)),
      (line) => stepRange(covers, line.x, this.#whole.get(line.id)?.points ?? NO_POINTS),
      (line, points) => {
        const key = keyOf(want, line);
        if (!this.#isWanted(line, key)) return;
        const before = this.#part.get(line.id);
        const now = this.#want?.range;
        // Of two ranges the one that is wanted now is kept, whenever it was asked for.
        if (!now || !sameExtent(now, range)) {
          if (before && isEnough(before, now ?? range)) return;
        } else if (before && sameExtent(before.range, range) && !isNewer(before, line, key)) return;
        const [revision, members, { kind }] = [revisionOf(line), membersOf(line), line.x];
        this.#part.set(line.id, { revision, key, members, points, covers, range, kind, drawn: null });
      },
    );
  }

  async #ask(
    lines: readonly WantedLine[],
    buckets: number,
    rangeOf: (line: WantedLine) => { from?: number; to?: number },
    keep: (line: WantedLine, points: Points) => void,
  ): Promise<void> {
    const { axis, tag } = this.#item;
    const queries = lines.map((line): SeriesQuery => {
      const ids = line.runs.map((run) => run.id);
      return { ...(line.grouped ? { runs: ids } : { run: ids[0] }), axis, tag, ...rangeOf(line) };
    });
    const answers = await this.#loader.load(queries, buckets);
    // A run may have lost the tag, or itself, since the page heard of it: then it has no points, which is what is drawn.
    answers.forEach((answer, i) =>
      keep(lines[i], isSeries(answer) ? pointsOfSeries(answer as Series) : NO_POINTS),
    );
  }

  #isWanted(line: WantedLine, key: string): boolean {
    const now = this.#want?.lines.find((other) => other.id === line.id);
    return now !== undefined && keyOf(this.#want!, now) === key;
  }

  #show(): void {
    const want = this.#want;
    if (!want) return;
    const shown = new Map<string, Points>();
    for (const line of want.lines) {
      const points = this.#drawn(want, line);
      if (points && points.step.length > 0) shown.set(line.id, points);
    }
    const before = this.points;
    const same = before.size === shown.size && [...shown].every(([id, points]) => before.get(id) === points);
    if (!same) this.points = shown;
  }

  #drawn({ range }: Want, line: WantedLine): Points | undefined {
    const whole = this.#whole.get(line.id)?.points;
    const part = this.#part.get(line.id);
    const isOfLine = part?.members === membersOf(line) && part.kind === line.x.kind;
    if (range === null || !part || !isOfLine) return whole;
    if (!whole) return part.points;
    // Beyond what the part covers there is nothing to draw; then the whole is better, coarse as it is.
    if (!within(range, part.covers) || isExact(whole)) return whole;
    if (part.drawn?.whole !== whole) part.drawn = { ...part.points, whole };
    return part.drawn ?? undefined;
  }
}

/** What was asked for. */
function keyOf(want: Want, line: WantedLine): string {
  return JSON.stringify([membersOf(line), want.buckets]);
}

/** Of which runs a group is; empty for the line of a run, whose id says it. */
function membersOf(line: WantedLine): string {
  return line.grouped ? line.runs.map((run) => run.id).join() : '';
}

function revisionOf(line: WantedLine): number {
  return line.runs.reduce((sum, run) => sum + run.revision, 0);
}

function isStale(kept: Pick<Kept, 'revision' | 'key'> | undefined, line: WantedLine, key: string): boolean {
  return !kept || kept.revision < revisionOf(line) || kept.key !== key;
}

/** An answer about a line is newer than the one that is at hand. */
function isNewer(before: Kept | undefined, line: WantedLine, key: string): boolean {
  return !before || before.key !== key || before.revision <= revisionOf(line);
}

/** The part covers a range, and was asked for about as finely as that range would be. */
function isEnough(part: KeptPart, range: Extent): boolean {
  const width = range[1] - range[0];
  const asked = part.range[1] - part.range[0];
  return within(range, part.covers) && (width >= asked * FINE_ENOUGH || isExact(part.points));
}

/** Every point is there as it was logged: none finer can be had. */
function isExact({ count, low }: Points): boolean {
  return low === null && count.every((one) => one === 1);
}

function within(range: Extent, covers: Extent): boolean {
  return covers[0] <= range[0] && range[1] <= covers[1];
}

function sameExtent(a: Extent | null, b: Extent | null): boolean {
  return a === b || (a !== null && b !== null && a[0] === b[0] && a[1] === b[1]);
}
