import type { ScatterBox } from '../../charts/scatter_points';
import type { TrendMethod } from '../../api/wire';

/** What people would want in a link to this page. */
export interface EpisodesSpec {
  /** Whether all runs that are shown are in the table, or one. */
  all: boolean;
  filter: string;
  sort: { key: string; direction: 1 | -1 };
  /** Keys of fields. */
  x: string;
  y: string;
  /** Key of the field that colours; `auto` is the run where there are several. */
  colour: string;
  logX: boolean;
  logY: boolean;
  trend: TrendName;
  /** A stretch of the scatter that is chosen. */
  box: ScatterBox | null;
  /** Whether the newest episode is selected when it ends. */
  follow: boolean;
  /** Whether the actions told are those of the selected episode alone. */
  one: boolean;
}

export type TrendName = keyof typeof TRENDS;

/** Trends to choose from. The median's window suits the number of points. */
export const TRENDS = {
  none: { label: 'no trend', of: () => null },
  median: {
    label: 'rolling median',
    of: (points: number): TrendMethod => ({ method: 'rolling_median', window: medianWindow(points) }),
  },
  loess: { label: 'LOESS', of: (): TrendMethod => ({ method: 'loess', span: 0.3 }) },
  linear: { label: 'linear', of: (): TrendMethod => ({ method: 'linear' }) },
  poly2: { label: 'polynomial, degree 2', of: (): TrendMethod => ({ method: 'polynomial', degree: 2 }) },
  poly5: { label: 'polynomial, degree 5', of: (): TrendMethod => ({ method: 'polynomial', degree: 5 }) },
} as const satisfies Record<string, { label: string; of: (points: number) => TrendMethod | null }>;

/** Wide enough to be calm, narrow enough to follow learning; odd, so that it has a middle. */
export function medianWindow(points: number): number {
  return Math.min(1001, Math.max(5, Math.round(points / 40))) | 1;
}

const SORT = '-episode';

/** Reads the address; anything odd gives the default. */
export function parseSpec(param: (name: string) => string | null): EpisodesSpec {
  const sort = param('sort') || SORT;
  const trend = param('trend') ?? '';
  return {
    all: param('all') === '1',
    filter: param('q') ?? '',
    sort: { key: sort.replace(/^-/, ''), direction: sort.startsWith('-') ? -1 : 1 },
    x: param('x') || 'episode',
    y: param('y') || 'return',
    colour: param('colour') || 'auto',
    logX: (param('log') ?? '').includes('x'),
    logY: (param('log') ?? '').includes('y'),
    trend: Object.hasOwn(TRENDS, trend) ? (trend as TrendName) : 'median',
    box: parseBox(param('box')),
    follow: param('follow') === '1',
    one: param('actions') === 'one',
  };
}

/** What changed, as the address says it; defaults are left out. */
export function formatSpec(spec: EpisodesSpec): Record<string, string | null> {
  const or = (value: string, plain: string) => (value === plain ? null : value);
  return {
    all: spec.all ? '1' : null,
    q: spec.filter || null,
    sort: or((spec.sort.direction < 0 ? '-' : '') + spec.sort.key, SORT),
    x: or(spec.x, 'episode'),
    y: or(spec.y, 'return'),
    colour: or(spec.colour, 'auto'),
    log: (spec.logX ? 'x' : '') + (spec.logY ? 'y' : '') || null,
    trend: or(spec.trend, 'median'),
    box: spec.box ? formatBox(spec.box) : null,
    follow: spec.follow ? '1' : null,
    actions: spec.one ? 'one' : null,
  };
}

function formatBox({ x, y }: ScatterBox): string {
  const side = (range: readonly [number, number] | null) =>
    range ? range.map((end) => shortest(end)).join('..') : '';
  return `${side(x)},${side(y)}`;
}

/** Seven digits tell pixels apart. */
function shortest(number: number): string {
  return String(Number(number.toPrecision(7)));
}

function parseBox(text: string | null): ScatterBox | null {
  const sides = (text ?? '').split(',').map(parseSide);
  if (sides.length !== 2 || (!sides[0] && !sides[1])) return null;
  return { x: sides[0], y: sides[1] };
}

function parseSide(text: string): [number, number] | null {
  const ends = text.split('..');
  if (ends.length !== 2 || ends.some((end) => end.trim() === '')) return null;
  const [low, high] = ends.map(Number);
  return low <= high ? [low, high] : null;
}
