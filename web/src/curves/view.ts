import type { Extent } from '../charts/series';
import { NO_SMOOTHING, type Smoothing } from '../charts/smoothing';
import type { XKind } from '../charts/ticks';

/** What x counts in a chart: charts of one domain share cursor and zoom. */
export type Domain = 'global_step' | 'episode' | 'time' | 'relative';

/** How the charts of one page are drawn, all of them alike. */
export interface CurveView {
  x: XKind;
  /** Logarithmic x. Places at or below zero are left out. */
  xLog: boolean;
  smoothing: Smoothing;
  /** Percent of the values that the y axis may leave out at either end; 0 for none. */
  outliers: number;
  /** Part of x that is shown in the charts of one domain. */
  zoom: { domain: Domain; range: Extent } | null;
  /** Ids of lines that are switched off. */
  hidden: readonly string[];
}

/** How one chart differs from the others. */
export interface ChartFlags {
  /** Logarithmic y. */
  log: boolean;
  /** The range of y that was asked for; null for what the lines need. */
  y: Extent | null;
}

/** All of a curve over steps, as it is. */
export const PLAIN_VIEW: CurveView = {
  x: 'step',
  xLog: false,
  smoothing: NO_SMOOTHING,
  outliers: 0,
  zoom: null,
  hidden: [],
};

export const PLAIN_FLAGS: ChartFlags = { log: false, y: null };

/** What stands below x, in files. */
export const X_LABELS: Record<XKind, string> = {
  step: 'global step',
  episode: 'episode',
  relative: 'time since the start of the run',
  time: 'date and time',
};

/** What x counts in the chart of a tag. */
export function domainOf(axis: string, x: XKind): Domain {
  if (x === 'step') return axis === 'episode' ? 'episode' : 'global_step';
  return x;
}
