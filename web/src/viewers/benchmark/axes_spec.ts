import type { ParallelRange } from '../../charts/parallel_axis';

/** What of parallel coordinates is worth a link: read from the address and written to it, defaults left out. */
export interface AxesSpec {
  /** Parameters with an axis, from left to right; null for the most important. */
  axes: readonly string[] | null;
  /** Axes whose scale is not the one that they would have by themselves. */
  flipped: readonly string[];
  /** Which values pass, by axis. */
  ranges: ReadonlyMap<string, ParallelRange>;
}

/** Reads a spec; what is odd is left out. */
export function parseAxes(param: (name: string) => string | null): AxesSpec {
  const axes = param('axes');
  return {
    axes: axes === null ? null : listed(axes),
    flipped: listed(param('flip')),
    ranges: new Map(
      (param('range') ?? '')
        .split(',')
        .filter(Boolean)
        .flatMap((text) => rangeOf(text)),
    ),
  };
}

/** What of a spec the address says, by parameter; null where it is the default. */
export function formatAxes({ axes, flipped, ranges }: AxesSpec): Record<string, string | null> {
  return {
    axes: axes && axes.map(encodeURIComponent).join(','),
    flip: flipped.map(encodeURIComponent).join(',') || null,
    range: [...ranges].map(([axis, range]) => textOf(axis, range)).join(',') || null,
  };
}

/** A list without `item`, or with it at its end. */
export function toggled(list: readonly string[], item: string): string[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}

/** A list with an item so many places further on, as far as there are any. */
export function moved(list: readonly string[], item: string, by: number): string[] {
  const from = list.indexOf(item);
  if (from < 0) return [...list];
  const rest = list.filter((other) => other !== item);
  return rest.toSpliced(Math.min(rest.length, Math.max(0, from + by)), 0, item);
}

/** `axis:n:low:high` for numbers, `axis:w:word:word` for words. */
function textOf(axis: string, range: ParallelRange): string {
  const parts =
    'words' in range
      ? ['w', ...range.words.map(encodeURIComponent)]
      : ['n', String(range.from), String(range.to)];
  return [encodeURIComponent(axis), ...parts].join(':');
}

function rangeOf(text: string): [string, ParallelRange][] {
  const [axis, kind, ...rest] = text.split(':').map(decoded);
  if (kind === 'w' && rest.length > 0) return [[axis, { words: rest }]];
  const [from, to] = rest.map((part) => (part === '' ? NaN : Number(part)));
  const sound = kind === 'n' && rest.length === 2 && from <= to;
  return sound ? [[axis, { from, to }]] : [];
}

function listed(text: string | null): string[] {
  return [...new Set((text ?? '').split(',').filter(Boolean).map(decoded))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
