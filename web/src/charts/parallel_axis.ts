import { ticksOfLog, ticksOfY, type Tick } from './ticks';

/** What rows are on one axis: numbers, NaN where there is none, or words. */
export type ParallelValues =
  { numbers: Float64Array; words?: undefined } | { words: readonly (string | null)[]; numbers?: undefined };

/** One axis to be. */
export interface ParallelColumn {
  id: string;
  title: string;
  values: ParallelValues;
}

/** Rows that an axis lets pass: numbers between two, or words among some. */
export type ParallelRange = { from: number; to: number } | { words: readonly string[] };

/** Positive numbers this many times apart are on a logarithmic axis unless somebody says otherwise. */
const LOG_RATIO = 100;
const TICKS = 6;

/** Where rows are on an axis, from 0 at its foot to 1 at its head. */
export class ParallelAxis {
  readonly id: string;
  readonly title: string;
  /** Different words from the foot up; null of numbers. */
  readonly words: readonly string[] | null;
  /** Lowest and highest number; null of words, and where no row has one. */
  readonly extent: readonly [number, number] | null;
  /** Whether a logarithm is possible at all. */
  readonly canLog: boolean;
  readonly log: boolean;
  /** Of each row; NaN where it has no value. */
  readonly place: Float64Array;
  /** Whether some row has no value. */
  readonly hasGaps: boolean;
  readonly #values: ParallelValues;

  /** `flip` turns the scale into the one that it would not have by itself. */
  constructor({ id, title, values }: ParallelColumn, flip = false) {
    this.id = id;
    this.title = title;
    this.#values = values;
    this.words = values.words ? differentWords(values.words) : null;
    this.extent = values.numbers ? extentOf(values.numbers) : null;
    this.canLog = this.extent !== null && this.extent[0] > 0 && this.extent[0] < this.extent[1];
    this.log = this.canLog && this.extent![1] / this.extent![0] >= LOG_RATIO !== flip;
    this.place = values.words
      ? Float64Array.from(values.words, (word) => (word === null ? NaN : this.placeOfWord(word)))
      : Float64Array.from(values.numbers, (number) => this.placeOf(number));
    this.hasGaps = this.place.some(Number.isNaN);
  }

  /** Where a number is; NaN for what is not finite. */
  placeOf(number: number): number {
    if (!this.extent || !Number.isFinite(number)) return NaN;
    const [low, high] = this.extent;
    if (low === high) return 0.5;
    return this.log ? Math.log(number / low) / Math.log(high / low) : (number - low) / (high - low);
  }

  placeOfWord(word: string): number {
    const at = this.words?.indexOf(word) ?? -1;
    return at < 0 ? NaN : (at + 0.5) / this.words!.length;
  }

  /** The number at a place. */
  numberAt(place: number): number {
    const [low, high] = this.extent ?? [NaN, NaN];
    return this.log ? low * (high / low) ** place : low + (high - low) * place;
  }

  ticks(): Tick[] {
    if (this.words) return this.words.map((word) => ({ value: this.placeOfWord(word), text: word }));
    if (!this.extent) return [];
    const [low, high] = this.extent;
    if (low === high) return ticksOfY([low - 1, low + 1], 1).filter(({ value }) => value === low);
    const ticks = this.log ? ticksOfLog([low, high], TICKS) : ticksOfY([low, high], (high - low) / TICKS);
    return ticks.map(({ value, text }) => ({ value: this.placeOf(value), text }));
  }

  /** What lies between two places; null when that is all of it, or none. */
  rangeBetween(a: number, b: number): ParallelRange | null {
    const [from, to] = [Math.max(0, Math.min(a, b)), Math.min(1, Math.max(a, b))];
    if (from <= 0 && to >= 1) return null;
    if (this.words) {
      const words = this.words.filter((word) => {
        const place = this.placeOfWord(word);
        return place >= from && place <= to;
      });
      return words.length > 0 && words.length < this.words.length ? { words } : null;
    }
    if (!this.extent) return null;
    // What is at an end is within, rounding or not.
    const [low, high] = this.extent;
    return { from: from <= 0 ? low : this.numberAt(from), to: to >= 1 ? high : this.numberAt(to) };
  }

  /** Where a range is drawn: stretches from a place to another. */
  stretches(range: ParallelRange): [number, number][] {
    if ('words' in range) {
      const half = 0.5 / (this.words?.length ?? 1);
      const places = range.words
        .map((word) => this.placeOfWord(word))
        .filter((place) => !Number.isNaN(place));
      return places.map((place) => [place - half, place + half]);
    }
    if (!this.extent) return [];
    const [low, high] = this.extent;
    const within = (number: number) => this.placeOf(Math.min(high, Math.max(low, number)));
    return range.to < low || range.from > high ? [] : [[within(range.from), within(range.to)]];
  }

  /** Whether the range lets a row pass. A row without a value does not. */
  passes(range: ParallelRange, row: number): boolean {
    if ('words' in range) {
      const word = this.#values.words?.[row] ?? null;
      return word !== null && range.words.includes(word);
    }
    const number = this.#values.numbers?.[row] ?? NaN;
    return number >= range.from && number <= range.to;
  }
}

/** Whether every range lets a row pass; ranges of axes that are not there say nothing. */
export function passesAll(
  axes: readonly ParallelAxis[],
  ranges: ReadonlyMap<string, ParallelRange>,
  row: number,
): boolean {
  return axes.every((axis) => {
    const range = ranges.get(axis.id);
    return range === undefined || axis.passes(range, row);
  });
}

/** Numbers within words in their order: `relu2` before `relu10`. */
function differentWords(words: readonly (string | null)[]): string[] {
  const different = new Set(words.filter((word) => word !== null));
  return [...different].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function extentOf(numbers: Float64Array): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const number of numbers) {
    if (!Number.isFinite(number)) continue;
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  return low <= high ? [low, high] : null;
}
