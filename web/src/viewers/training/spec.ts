import type { Extent } from '../../charts/series';
import type { XKind } from '../../charts/ticks';
import { parseGroupBy, type GroupBy } from './grouping';

/** What x counts in a chart: charts of one domain share cursor and zoom. */
export type Domain = 'global_step' | 'episode' | 'time' | 'relative';

/** What of the page is worth a link: read from the address and written to it, defaults left out. */
export interface TrainingSpec {
  /** Regular expression that tags must match; empty for all. */
  filter: string;
  /** Weight of the moving average, 0 to 0.99. */
  smoothing: number;
  x: XKind;
  /** What runs are drawn as one line by. */
  group: GroupBy;
  /** Part of x that is shown in the charts of one domain. */
  zoom: { domain: Domain; range: Extent } | null;
  /** Charts with a logarithmic y axis, by key. */
  log: readonly string[];
  /** Charts over the full width, by key. */
  wide: readonly string[];
  /** Groups that are folded. */
  closed: readonly string[];
}

export const SMOOTHING_DEFAULT = 0.6;
export const SMOOTHING_MAX = 0.99;

const DOMAINS: readonly Domain[] = ['global_step', 'episode', 'time', 'relative'];

/** Reads a spec; anything odd becomes the default. */
export function parseSpec(param: (name: string) => string | null): TrainingSpec {
  const smoothing = Number(param('smooth') ?? SMOOTHING_DEFAULT);
  const x = param('x');
  const group = parseGroupBy(param('group'));
  return {
    filter: param('filter') ?? '',
    smoothing: Number.isFinite(smoothing)
      ? Math.min(SMOOTHING_MAX, Math.max(0, smoothing))
      : SMOOTHING_DEFAULT,
    // Runs of a group have no common clock.
    x: x === 'time' && group !== 'none' ? 'relative' : x === 'time' || x === 'relative' ? x : 'step',
    group,
    zoom: parseZoom(param('zoom')),
    log: list(param('log')),
    wide: list(param('wide')),
    closed: list(param('closed')),
  };
}

/** What of a spec the address says, by parameter; null where it is the default. */
export function formatSpec(spec: TrainingSpec): Record<string, string | null> {
  const { zoom } = spec;
  return {
    filter: spec.filter || null,
    smooth: spec.smoothing === SMOOTHING_DEFAULT ? null : String(Number(spec.smoothing.toFixed(3))),
    x: spec.x === 'step' ? null : spec.x,
    group: spec.group === 'none' ? null : spec.group,
    zoom: zoom ? `${zoom.domain}:${short(zoom.range[0])}..${short(zoom.range[1])}` : null,
    log: spec.log.join(',') || null,
    wide: spec.wide.join(',') || null,
    closed: spec.closed.join(',') || null,
  };
}

/** `key` in or out of a list. */
export function toggled(keys: readonly string[], key: string): string[] {
  return keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key];
}

function parseZoom(text: string | null): TrainingSpec['zoom'] {
  const match = /^(\w+):(-?[\d.e+-]+?)\.\.(-?[\d.e+-]+)$/.exec(text ?? '');
  const domain = DOMAINS.find((candidate) => candidate === match?.[1]);
  const [low, high] = [Number(match?.[2]), Number(match?.[3])];
  return domain && Number.isFinite(low) && Number.isFinite(high) && low < high
    ? { domain, range: [low, high] }
    : null;
}

function list(text: string | null): string[] {
  return (text ?? '').split(',').filter(Boolean);
}

function short(value: number): string {
  return String(Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(6)));
}
