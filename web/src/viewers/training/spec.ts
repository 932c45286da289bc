import type { Extent } from '../../charts/series';
import { NO_SMOOTHING, ROLLING_MAX, WEIGHT_MAX, type Smoothing } from '../../charts/smoothing';
import type { XKind } from '../../charts/ticks';
import { parseGroupBy, type GroupBy } from '../../curves/grouping';
import type { ChartFlags, CurveView, Domain } from '../../curves/view';

/** What of the page is worth a link: read from the address and written to it, defaults left out. */
export interface TrainingSpec extends CurveView {
  /** Regular expression that tags must match; empty for all. */
  filter: string;
  /** What runs are drawn as one line by; null for what their number asks for. */
  group: GroupBy | null;
  /** Charts with a logarithmic y axis, by key. */
  log: readonly string[];
  /** The range of y of charts, by key. */
  y: ReadonlyMap<string, Extent>;
  /** Charts over the full width, by key. */
  wide: readonly string[];
  /** Charts at the top, by key, in the order in which they were put there. */
  pinned: readonly string[];
  /** Groups of charts that are folded. */
  closed: readonly string[];
  /** Charts side by side; null for as many as fit. */
  columns: 1 | 2 | 3 | null;
}

export const SMOOTHING_DEFAULT: Smoothing = { kind: 'ema', weight: 0.6 };
/** Most percent that can be cut off at either end. */
export const OUTLIERS_MAX = 25;

const DOMAINS: readonly Domain[] = ['global_step', 'episode', 'time', 'relative'];
const X: readonly XKind[] = ['step', 'episode', 'relative', 'time'];
const KEY = ',';

/** Reads a spec; anything odd becomes the default. */
export function parseSpec(param: (name: string) => string | null): TrainingSpec {
  const group = param('group');
  const x = X.find((kind) => kind === param('x')) ?? 'step';
  const columns = Number(param('columns'));
  const outliers = Number(param('outliers') ?? 0);
  return {
    filter: param('filter') ?? '',
    smoothing: parseSmoothing(param('smooth')),
    x,
    xLog: param('xlog') === '1',
    outliers: Number.isFinite(outliers) ? Math.min(OUTLIERS_MAX, Math.max(0, outliers)) : 0,
    group: group === null ? null : parseGroupBy(group),
    zoom: parseZoom(param('zoom')),
    hidden: list(param('hide')),
    log: list(param('log')),
    y: parseRanges(param('y')),
    wide: list(param('wide')),
    pinned: list(param('pin')),
    closed: list(param('closed')),
    columns: columns === 1 || columns === 2 || columns === 3 ? columns : null,
  };
}

/** What of a spec the address says, by parameter; null where it is the default. */
export function formatSpec(spec: TrainingSpec): Record<string, string | null> {
  const { zoom } = spec;
  return {
    filter: spec.filter || null,
    smooth: formatSmoothing(spec.smoothing),
    x: spec.x === 'step' ? null : spec.x,
    xlog: spec.xLog ? '1' : null,
    outliers: spec.outliers > 0 ? String(spec.outliers) : null,
    group: spec.group,
    zoom: zoom ? `${zoom.domain}:${formatExtent(zoom.range)}` : null,
    hide: formatList(spec.hidden),
    log: formatList(spec.log),
    y: [...spec.y].map(([key, range]) => `${escaped(key)}:${formatExtent(range)}`).join(KEY) || null,
    wide: formatList(spec.wide),
    pin: formatList(spec.pinned),
    closed: formatList(spec.closed),
    columns: spec.columns === null ? null : String(spec.columns),
  };
}

/** `key` in or out of a list. */
export function toggled(keys: readonly string[], key: string): string[] {
  return keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key];
}

/** How a chart differs from the others. */
export function flagsOf(spec: TrainingSpec, key: string): ChartFlags {
  return { log: spec.log.includes(key), y: spec.y.get(key) ?? null };
}

/** What of a spec follows from how a chart differs from the others. */
export function withFlags(
  spec: TrainingSpec,
  key: string,
  flags: ChartFlags,
): Pick<TrainingSpec, 'log' | 'y'> {
  const y = new Map(spec.y);
  if (flags.y) y.set(key, flags.y);
  else y.delete(key);
  return { y, log: flags.log === spec.log.includes(key) ? spec.log : toggled(spec.log, key) };
}

/** `0.9` is a weight, `mean:100` a window; 0 is none. */
function parseSmoothing(text: string | null): Smoothing {
  if (text === null) return SMOOTHING_DEFAULT;
  const window = /^mean:(\d+)$/.exec(text);
  if (window) {
    const points = Math.min(ROLLING_MAX, Number(window[1]));
    return points > 1 ? { kind: 'rolling', points } : NO_SMOOTHING;
  }
  const weight = Number(text);
  if (!Number.isFinite(weight)) return SMOOTHING_DEFAULT;
  return weight > 0 ? { kind: 'ema', weight: Math.min(WEIGHT_MAX, weight) } : NO_SMOOTHING;
}

function formatSmoothing(smoothing: Smoothing): string | null {
  if (smoothing.kind === 'none') return '0';
  if (smoothing.kind === 'rolling') return `mean:${smoothing.points}`;
  const isDefault = SMOOTHING_DEFAULT.kind === 'ema' && smoothing.weight === SMOOTHING_DEFAULT.weight;
  return isDefault ? null : String(Number(smoothing.weight.toFixed(3)));
}

function parseZoom(text: string | null): TrainingSpec['zoom'] {
  const [name, rest] = cut(text ?? '');
  const domain = DOMAINS.find((candidate) => candidate === name);
  const range = parseExtent(rest);
  return domain && range ? { domain, range } : null;
}

function parseRanges(text: string | null): Map<string, Extent> {
  const ranges = new Map<string, Extent>();
  for (const part of (text ?? '').split(KEY)) {
    const [key, rest] = cut(part);
    const range = parseExtent(rest);
    if (key && range) ranges.set(unescaped(key), range);
  }
  return ranges;
}

function parseExtent(text: string): Extent | null {
  const match = /^(-?[\d.e+-]+?)\.\.(-?[\d.e+-]+)$/.exec(text);
  const [low, high] = [Number(match?.[1]), Number(match?.[2])];
  return Number.isFinite(low) && Number.isFinite(high) && low < high ? [low, high] : null;
}

/** Ends with as many digits as tell them apart. */
function formatExtent([low, high]: Extent): string {
  const decimals = Math.min(12, Math.max(0, 4 - Math.floor(Math.log10(high - low))));
  const short = (value: number) =>
    Math.abs(value) < 1e15 ? String(Number(value.toFixed(decimals))) : value.toExponential(9);
  return `${short(low)}..${short(high)}`;
}

/** The parts before and after the last colon. */
function cut(text: string): [string, string] {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? ['', ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

function list(text: string | null): string[] {
  return (text ?? '').split(KEY).filter(Boolean).map(unescaped);
}

function formatList(keys: readonly string[]): string | null {
  return keys.map(escaped).join(KEY) || null;
}

/** Tags may have a comma in them, which parts a list. */
function escaped(key: string): string {
  return key.replace(/[%,]/g, (sign) => (sign === '%' ? '%25' : '%2C'));
}

function unescaped(key: string): string {
  return key.replace(/%2C/g, ',').replace(/%25/g, '%');
}
