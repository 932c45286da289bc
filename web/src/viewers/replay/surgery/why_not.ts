import type { Counterfactual, EditedAttribution, Said } from '../../../api/what_if';
import { value } from '../../../theme/format';
import { percent } from './names';

/** Entries named on each side. */
const NAMED_MAX = 3;
/** Entries weaker than this share of the strongest are not named. */
const WEAK = 0.1;
/** Neighbourhoods along the shorter side of a picture. */
const PLACES = 20;

/** What the sentences are made of. */
export interface WhyNot {
  /** Names of the actions. */
  names: readonly string[];
  /** Why this action… */
  action: number;
  /** …and not that. */
  other: number;
  said: Said;
  /** The action that was taken at the step, where it was logged as one of these. */
  taken: number | null;
}

/** How sure the policy is of an action, in the numbers that it gives. */
export function sure({ said }: WhyNot, index: number): string {
  if (said.probabilities.length > 0) return percent(said.probabilities[index]);
  return `${said.role === 'q_values' ? 'Q = ' : ''}${value(said.numbers[index], 4)}`;
}

/** "It took LEFT (61.2 %) rather than RIGHT (20.1 %)." */
export function choiceSentence(of: WhyNot): string {
  const { names, action, other, taken, said } = of;
  const [first, second] = [`${names[action]} (${sure(of, action)})`, `${names[other]} (${sure(of, other)})`];
  const number = (index: number) => said.numbers[index] ?? NaN;
  if (number(action) < number(other)) return `It would rather choose ${second} than ${first}.`;
  return `It ${taken === action ? 'took' : 'prefers'} ${first} ${taken === action ? 'rather than' : 'to'} ${second}.`;
}

/** Which entries speak for the one and which for the other, strongest first. */
export function speakers(
  values: ArrayLike<number>,
  name: (index: number) => string,
): { first: string[]; second: string[] } {
  const all = Array.from(values, (value, index) => ({ value, index }));
  const most = Math.max(...all.map(({ value }) => Math.abs(value)), 0);
  const named = all
    .filter(({ value }) => Math.abs(value) >= WEAK * most && value !== 0)
    .toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const side = (sign: number) =>
    named
      .filter(({ value }) => value * sign > 0)
      .slice(0, NAMED_MAX)
      .map(({ index }) => name(index));
  return { first: side(1), second: side(-1) };
}

/** "Between the two, angle and x speak for LEFT; y speaks for RIGHT." */
export function speakersSentence(
  of: WhyNot,
  values: ArrayLike<number>,
  name: (index: number) => string,
): string {
  const { first, second } = speakers(values, name);
  const part = (names: string[], action: number) =>
    `${listed(names)} ${names.length === 1 ? 'speaks' : 'speak'} for ${of.names[action]}`;
  const parts = [
    ...(first.length > 0 ? [part(first, of.action)] : []),
    ...(second.length > 0 ? [part(second, of.other)] : []),
  ];
  return parts.length > 0
    ? `Between the two, ${parts.join('; ')}.`
    : 'Between the two, no entry makes a difference.';
}

/** Where on a picture the strongest place for the one, and for the other, lies: `x 40, y 70`. */
export function placesSentence(of: WhyNot, attribution: EditedAttribution): string {
  const [rows, columns] = attribution.shape.slice(-2);
  const [height, width] = attribution.wrtShape.slice(-2);
  const sums = summedAround(attribution.after, rows, columns);
  const at = (index: number) =>
    `x ${Math.round((((index % columns) + 0.5) * width) / columns)}, y ${Math.round(((Math.floor(index / columns) + 0.5) * height) / rows)}`;
  const best = (sign: number) =>
    sums.reduce((best, value, index) => (value * sign > sums[best] * sign ? index : best), 0);
  const [first, second] = [best(1), best(-1)];
  const parts = [
    ...(sums[first] > 0 ? [`the place around ${at(first)} speaks most for ${of.names[of.action]}`] : []),
    ...(sums[second] < 0 ? [`the place around ${at(second)} most for ${of.names[of.other]}`] : []),
  ];
  return parts.length > 0
    ? `Between the two, ${parts.join('; ')}.`
    : 'Between the two, no place makes a difference.';
}

/** Single pixels are noise: of each, what its neighbourhood says, over all frames and channels. */
function summedAround(values: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const reach = Math.floor(Math.min(rows, columns) / PLACES);
  const plane = new Float64Array(rows * columns);
  for (let i = 0; i < values.length; i += 1) plane[i % plane.length] += values[i];
  const clamp = (at: number, length: number) => Math.max(0, Math.min(length - 1, at));
  return plane.map((_, index) => {
    const [y, x] = [Math.floor(index / columns), index % columns];
    let sum = 0;
    for (let row = clamp(y - reach, rows); row <= clamp(y + reach, rows); row += 1) {
      for (let column = clamp(x - reach, columns); column <= clamp(x + reach, columns); column += 1) {
        sum += plane[row * columns + column];
      }
    }
    return sum;
  });
}

/** One entry whose change alone is enough. */
export interface Threshold {
  element: number;
  to: number;
  text: string;
}

/** "Were angle above 0.3 (it is 0.1), it would choose RIGHT.", the smallest change first, in parts of what each could change. */
export function thresholds(
  of: WhyNot,
  found: Counterfactual,
  now: ArrayLike<number>,
  name: (index: number) => string,
): Threshold[] {
  const share = ([element, to]: [number, number]) => {
    const [low, high] = found.bounds[element] ?? [0, 1];
    return Math.abs(to - now[element]) / (high - low || 1);
  };
  return found.alone
    .toSorted((a, b) => share(a) - share(b))
    .slice(0, NAMED_MAX)
    .map(([element, to]) => ({
      element,
      to,
      text: `Were ${name(element)} ${to > now[element] ? 'above' : 'below'} ${value(to, 3)} (it is ${value(now[element], 3)}), it would choose ${of.names[of.other]}.`,
    }));
}

/** `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
