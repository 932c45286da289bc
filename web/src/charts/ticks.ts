import { compactCount, value } from '../theme/format';

/** What the x axis counts. Times are seconds: since 1970, or since the start of a run. */
export type XKind = 'step' | 'episode' | 'time' | 'relative';

/** What the x axis counts, or that it measures. */
export type LineX = XKind | 'number';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Steps between ticks that make sense for a span of time. */
export const SPAN_STEPS: readonly number[] = [
  0.001,
  0.002,
  0.005,
  0.01,
  0.02,
  0.05,
  0.1,
  0.2,
  0.5,
  1,
  2,
  5,
  10,
  15,
  30,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  5 * DAY,
  10 * DAY,
  30 * DAY,
  100 * DAY,
];

/** A place on an axis, and what is written there. */
export interface Tick {
  value: number;
  text: string;
}

/** Ticks of the x axis, at least `least` of its units apart. `offset` is the reader's distance from UTC in seconds, for whole days. */
export function ticksOfX(
  kind: LineX,
  [from, to]: readonly [number, number],
  least: number,
  offset = 0,
): Tick[] {
  if (kind === 'number') return ticksOfY([from, to], least);
  const isSpan = kind === 'time' || kind === 'relative';
  const step = isSpan ? spanStep(least) : Math.max(1, niceStep(least));
  const shift = kind === 'time' ? offset : 0;
  const values = multiples(from + shift, to + shift, step).map((value) => value - shift);
  return xTicks(kind, values, step).map((text, i) => ({ value: values[i], text }));
}

/** Ticks of the y axis, at least `least` of its units apart. */
export function ticksOfY([from, to]: readonly [number, number], least: number): Tick[] {
  const step = niceStep(least);
  return multiples(from, to, step).map((value) => ({ value, text: yTick(value, step) }));
}

/** Ticks of a logarithmic axis, at most about `count`: powers of ten, and their parts where there is room for them. */
export function ticksOfLog([from, to]: readonly [number, number], count: number): Tick[] {
  const [low, high] = [Math.log10(from), Math.log10(to)];
  const decades = high - low;
  const parts = decades * 3 <= count ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  const values: number[] = [];
  for (let power = Math.floor(low / every) * every; power <= Math.ceil(high); power += every) {
    for (const part of parts) {
      const value = part * 10 ** power;
      if (value >= from && value <= to) values.push(value);
    }
  }
  // Less than a decade, and none of its parts within: the axis is all but even.
  if (values.length < 2) {
    return ticksOfY([from, to], (to - from) / Math.max(1, count));
  }
  return values.map((value) => ({ value, text: logTick(value) }));
}

/** The least of 1, 2, 5 and their tenfolds that is no less than `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function spanStep(least: number): number {
  return SPAN_STEPS.find((step) => step >= least) ?? niceStep(least / DAY) * DAY;
}

function multiples(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  // A step that doubles cannot tell apart would never arrive.
  const count = Math.min(200, Math.floor(to / step) - Math.ceil(from / step) + 1);
  const first = Math.ceil(from / step);
  for (let i = 0; i < count; i += 1) values.push(Number(((first + i) * step).toPrecision(14)));
  return values;
}

/** Labels of ticks on the x axis, `step` apart. */
export function xTicks(kind: XKind, ticks: readonly number[], step: number): string[] {
  if (kind === 'step' || kind === 'episode') return ticks.map(compactCount);
  if (kind === 'relative') return ticks.map((tick) => spanTick(tick, step));
  return ticks.map((tick) => timeTick(tick, step));
}

/** Labels of ticks on the y axis, `step` apart: as many decimals as tell them apart. */
export function yTick(tick: number, step: number): string {
  if (tick === 0) return '0';
  const size = Math.max(Math.abs(tick), step);
  if (size >= 1e4 || size < 1e-3) {
    return size >= 1e4 && size < 1e15 ? compactCount(tick).replace('-', '−') : value(tick, 3);
  }
  return tick.toFixed(decimalsOf(step)).replace('-', '−');
}

/** Decimals that write a step in full: 2 for 0.25. */
function decimalsOf(step: number): number {
  let decimals = 0;
  while (decimals < 6 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6)
    decimals += 1;
  return decimals;
}

/** Labels of powers of ten and their parts on a logarithmic axis. */
export function logTick(tick: number): string {
  if (tick >= 1e4 && tick < 1e15) return compactCount(tick);
  return tick >= 1e-3 && tick < 1e4 ? String(Number(tick.toPrecision(1))) : value(tick, 2);
}

function spanTick(seconds: number, step: number): string {
  if (seconds === 0) return '0';
  if (step >= DAY) return `${Math.round(seconds / DAY)} d`;
  const total = Math.abs(seconds);
  const parts: [number, string][] = [
    [Math.floor(total / DAY), 'd'],
    [Math.floor((total % DAY) / HOUR), 'h'],
    [Math.floor((total % HOUR) / MINUTE), 'min'],
  ];
  const words = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  const rest = total % MINUTE;
  if (step < MINUTE && rest > 0) words.push(`${Number(rest.toFixed(3))} s`);
  return (seconds < 0 ? '−' : '') + words.join(' ');
}

function timeTick(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step >= DAY) return day;
  if (step < MINUTE) return `${clock}:${two(date.getSeconds())}`;
  return date.getHours() === 0 && date.getMinutes() === 0 ? day : clock;
}
