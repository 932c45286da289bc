/**
 * The JSON of the HTTP API. What the server sends is generated from it, in `wire.gen.ts`; here is what the app sends,
 * which the server checks, and the headers of columns that no type of the server describes.
 */

import type { Axis, ErrorBody } from './wire.gen';

export type * from './wire.gen';

/** How a line is drawn through points, with its parameters. */
export type TrendMethod =
  | { method: 'linear' }
  | { method: 'polynomial'; degree: number }
  | { method: 'loess'; span: number }
  | { method: 'rolling_median'; window: number };

/** One curve to ask for: that of a run, or one for several runs. */
export type SeriesQuery = (
  { run: string; runs?: undefined } | { run?: undefined; runs: readonly string[] }
) & {
  axis: Axis;
  tag: string;
  from?: number;
  to?: number;
};

/** What went wrong: told by the server, or found by the app itself, which may have no advice. */
export type Failure = Omit<ErrorBody, 'hint'> & { hint?: string | null | undefined };
