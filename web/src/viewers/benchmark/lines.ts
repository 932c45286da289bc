import type { BenchmarkCurve, BenchmarkProfile } from '../../api/wire';
import type { LineSeries } from '../../charts/series';
import type { Ink } from '../../theme/palette';
import type { Along } from './spec';

/** What a line stands for: an algorithm, with how it is drawn. */
export interface Drawn {
  name: string;
  ink: Ink;
}

/** A curve with its band, over steps or seconds. Where the server sends null there is a gap. */
export function lineOfCurve({ name, ink }: Drawn, curve: BenchmarkCurve, along: Along): LineSeries {
  const most = Math.max(0, ...curve.runs);
  const x = along === 'time' ? curve.at.map((us) => us / 1e6) : curve.at;
  return {
    ...lineOf(name, ink, x, curve.value),
    note: `n = ${most}`,
    low: band(curve.low, curve.value),
    high: band(curve.high, curve.value),
  };
}

/** A profile with its band. */
export function lineOfProfile({ name, ink }: Drawn, profile: BenchmarkProfile): LineSeries {
  return {
    ...lineOf(name, ink, profile.threshold, profile.share),
    low: profile.low && numbers(profile.low),
    high: profile.high && numbers(profile.high),
  };
}

function lineOf(
  name: string,
  ink: Ink,
  x: readonly (number | null)[],
  y: readonly (number | null)[],
): LineSeries {
  return {
    id: name,
    label: name,
    colour: ink.colour,
    dash: ink.dash,
    x: numbers(x),
    y: numbers(y),
    low: null,
    high: null,
    interval: true,
    smooth: null,
    sparse: true,
  };
}

/** An edge of a band; a point without an interval has a band of no height. */
function band(edge: readonly (number | null)[], line: readonly (number | null)[]): Float64Array {
  return numbers(edge.map((number, i) => number ?? line[i]));
}

function numbers(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, (number) => number ?? NaN);
}
