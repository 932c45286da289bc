import type { LineSeries } from '../charts/series';
import type { Smoothing } from '../charts/smoothing';
import type { EpisodeLens } from './episode_lens.svelte';
import { lineOf } from './line_of';
import type { RunLine } from './lines';
import type { Points } from './points';
import type { ChartItem } from './tags';
import { domainOf } from './view';
import type { XPlace } from './x_place';

/** How all lines of a chart are made. */
export interface LineManner {
  kind: XPlace['kind'];
  smoothing: Smoothing;
  /** Few enough lines for marks. */
  detailed: boolean;
}

/** Makes the lines of one chart from their points, each again only when something of it changed. */
export class LineMaker {
  readonly #made = new Map<string, { points: Points; key: string; series: LineSeries }>();

  constructor(
    private readonly axis: ChartItem['axis'],
    private readonly lens: EpisodeLens,
  ) {}

  /** The line through points; null while they, or where they lie, are unknown. */
  make(line: RunLine, points: Points | undefined, manner: LineManner): LineSeries | null {
    if (!points) return null;
    const { id, label, note, ink, runs } = line;
    const { kind, smoothing, detailed } = manner;
    const x = this.placeOf(line, kind);
    if (!x) return null;
    // Marks say where recorded episodes start, which only the axis of global steps and times can.
    const marked = domainOf(this.axis, kind) !== 'episode' && detailed;
    const stamp = marked || kind === 'episode' ? this.lens.stamp(runs) : '';
    const key = JSON.stringify([label, note, ink, x.kind, x.startUs, smoothing, stamp]);
    const before = this.#made.get(id);
    if (before && before.points === points && before.key === key) return before.series;
    const marks = marked ? this.#marksOf(line, x.startUs) : undefined;
    const series = lineOf(points, { id, label, note, ink, x, marks, smoothing });
    this.#made.set(id, { points, key, series });
    return series;
  }

  /** Where the points of a line lie on x; null while that is unknown. */
  placeOf({ runs }: RunLine, kind: XPlace['kind']): XPlace | null {
    const startUs = Math.min(...runs.map((run) => run.created_us));
    if (kind !== 'episode' || this.axis === 'episode') return { kind, startUs, starts: null };
    const starts = runs.flatMap((run) => this.lens.starts(run.id) ?? []);
    return starts.length === runs.length ? { kind, startUs, starts } : null;
  }

  /** Marks of all runs of a line, in time as if all had started at `startUs`. */
  #marksOf({ runs }: RunLine, startUs: number) {
    const all = runs.flatMap((run) => {
      const marks = this.lens.marks(run.id);
      return marks ? [{ ...marks, shift: startUs - run.created_us }] : [];
    });
    if (all.length <= 1) return all[0];
    return {
      step: Float64Array.from(all.flatMap(({ step }) => [...step])).sort(),
      timeUs: Float64Array.from(
        all.flatMap(({ timeUs, shift }) => [...timeUs].map((time) => time + shift)),
      ).sort(),
    };
  }
}
